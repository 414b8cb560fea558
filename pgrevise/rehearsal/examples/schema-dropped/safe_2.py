"""Drop the schema staging, which is empty."""

from alembic import op

revision = "202601010002"
down_revision = "202601010001"


def upgrade() -> None:
    # pgrevise: allow schema-dropped -- nothing is left in it
    op.execute("DROP SCHEMA staging")


def downgrade() -> None:
    op.execute("CREATE SCHEMA staging")
