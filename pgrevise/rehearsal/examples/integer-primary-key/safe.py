"""Remember where jobs come from."""

import sqlalchemy as sa
from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.create_table(
        "sources",
        sa.Column("id", sa.BigInteger(), sa.Identity()),
        sa.PrimaryKeyConstraint("id", name="pk_sources"),
    )


def downgrade() -> None:
    op.drop_table("sources")
