"""Attempts are of jobs that are there.

Also found: foreign-key-scans-table, fails-on-existing-rows.
"""

from alembic import op

revision = "202601010002"
down_revision = "202601010001"


def upgrade() -> None:
    op.create_foreign_key("fk_attempts_job_id", "attempts", "jobs", ["job_id"], ["id"])


def downgrade() -> None:
    op.drop_constraint("fk_attempts_job_id", "attempts")
