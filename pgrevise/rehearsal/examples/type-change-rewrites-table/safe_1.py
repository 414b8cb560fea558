"""Count attempts in a column of its own, a bigint; a trigger and batches fill it."""

import sqlalchemy as sa
from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("attempts_made", sa.BigInteger()))


def downgrade() -> None:
    op.drop_column("jobs", "attempts_made")
