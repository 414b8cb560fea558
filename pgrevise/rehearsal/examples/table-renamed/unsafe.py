"""Call sources origins."""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.rename_table("sources", "origins")


def downgrade() -> None:
    op.rename_table("origins", "sources")
