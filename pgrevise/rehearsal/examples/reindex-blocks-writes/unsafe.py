"""Build the index of states anew."""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute("REINDEX INDEX ix_jobs_state")


def downgrade() -> None:
    """Nothing to undo."""
