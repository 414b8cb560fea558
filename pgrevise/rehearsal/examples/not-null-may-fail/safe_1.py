"""Refuse new jobs without a queue.

The old ones get a queue in batches; then the next revision validates the check.
"""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.create_check_constraint(
        "ck_jobs_queue", "jobs", "queue IS NOT NULL", postgresql_not_valid=True
    )


def downgrade() -> None:
    op.drop_constraint("ck_jobs_queue", "jobs")
