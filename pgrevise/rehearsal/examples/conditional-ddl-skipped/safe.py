"""Count what comes from each source."""

import sqlalchemy as sa
from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.add_column("sources", sa.Column("jobs", sa.BigInteger()))


def downgrade() -> None:
    op.drop_column("sources", "jobs")
