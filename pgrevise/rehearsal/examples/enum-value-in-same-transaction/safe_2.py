"""Jobs start as new."""

from alembic import op

revision = "202601010002"
down_revision = "202601010001"


def upgrade() -> None:
    op.alter_column("jobs", "state", server_default="new")


def downgrade() -> None:
    op.alter_column("jobs", "state", server_default=None)
