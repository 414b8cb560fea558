"""Let keys be used again in other queues.

Also found: unique-builds-index, unique-may-fail.
"""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.drop_constraint("uq_jobs_key", "jobs")
    op.create_unique_constraint("uq_jobs_queue_key", "jobs", ["queue", "key"])


def downgrade() -> None:
    op.drop_constraint("uq_jobs_queue_key", "jobs")
    op.create_unique_constraint("uq_jobs_key", "jobs", ["key"])
