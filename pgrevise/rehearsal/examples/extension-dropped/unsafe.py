"""Tidy up."""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute("DROP EXTENSION citext")


def downgrade() -> None:
    op.execute("CREATE EXTENSION citext")
