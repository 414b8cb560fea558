"""Jobs are queued, not waiting."""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute("UPDATE jobs SET state = 'queued' WHERE state = 'waiting'")


def downgrade() -> None:
    """Nothing to undo: nobody can tell which jobs were waiting before."""
