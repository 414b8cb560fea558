"""Bring the sizes of queues up to date."""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute("REFRESH MATERIALIZED VIEW CONCURRENTLY queue_sizes")


def downgrade() -> None:
    """Nothing to undo."""
