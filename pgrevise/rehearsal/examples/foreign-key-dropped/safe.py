"""Let attempts outlive their jobs.

Also found: foreign-key-scans-table.
"""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    # pgrevise: allow foreign-key-dropped -- release 7 deletes attempts by itself, 6 is gone
    op.drop_constraint("fk_attempts_job_id", "attempts")


def downgrade() -> None:
    op.create_foreign_key(
        "fk_attempts_job_id", "attempts", "jobs", ["job_id"], ["id"], ondelete="CASCADE"
    )
