"""Remember where jobs come from."""

import sqlalchemy as sa
from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    if not sa.inspect(op.get_bind()).has_table("sources"):
        op.create_table("sources", sa.Column("name", sa.Text()))


def downgrade() -> None:
    op.execute("DROP TABLE IF EXISTS sources")
