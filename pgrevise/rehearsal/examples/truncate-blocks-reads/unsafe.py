"""Forget the heartbeats."""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute("TRUNCATE heartbeats")


def downgrade() -> None:
    """Nothing to undo: heartbeats come again by themselves."""
