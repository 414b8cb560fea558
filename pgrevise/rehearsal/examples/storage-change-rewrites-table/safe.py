"""Keep what may be lost in a table of its own."""

import sqlalchemy as sa
from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.create_table(
        "heartbeats",
        sa.Column("job_id", sa.BigInteger(), autoincrement=False),
        sa.Column("seen_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("job_id", name="pk_heartbeats"),
        prefixes=["UNLOGGED"],
    )


def downgrade() -> None:
    op.drop_table("heartbeats")
