"""Let the application choose the state."""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    # pgrevise: allow default-dropped -- since release 7 every INSERT names the state
    op.alter_column("jobs", "state", server_default=None)


def downgrade() -> None:
    op.alter_column("jobs", "state", server_default="queued")
