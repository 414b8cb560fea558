"""Priorities are not negative.

Also found: fails-on-existing-rows.
"""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.create_check_constraint("ck_jobs_priority", "jobs", "priority >= 0")


def downgrade() -> None:
    op.drop_constraint("ck_jobs_priority", "jobs")
