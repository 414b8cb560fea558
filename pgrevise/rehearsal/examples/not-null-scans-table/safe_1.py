"""Refuse new jobs without a queue.

Also found: constraint-left-not-valid.
"""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.create_check_constraint(
        "ck_jobs_queue_not_null", "jobs", "queue IS NOT NULL", postgresql_not_valid=True
    )


def downgrade() -> None:
    op.drop_constraint("ck_jobs_queue_not_null", "jobs")
