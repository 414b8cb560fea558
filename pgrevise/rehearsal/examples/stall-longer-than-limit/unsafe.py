"""Find jobs by their queue.

Also found: index-blocks-writes, drop-index-blocks-reads.
"""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.create_index("ix_jobs_queue", "jobs", ["queue"])


def downgrade() -> None:
    op.drop_index("ix_jobs_queue", "jobs")
