"""New jobs are queued."""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.alter_column("jobs", "state", server_default="queued")


def downgrade() -> None:
    op.alter_column("jobs", "state", server_default=None)
