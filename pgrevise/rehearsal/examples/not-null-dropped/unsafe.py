"""A job may be in no queue.

Also found: not-null-scans-table.
"""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.alter_column("jobs", "queue", nullable=True)


def downgrade() -> None:
    op.alter_column("jobs", "queue", nullable=False)
