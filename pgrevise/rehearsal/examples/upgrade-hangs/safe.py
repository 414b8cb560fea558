"""Give jobs a weight of 1."""

import sqlalchemy as sa
from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("weight", sa.Integer(), server_default="1"))


def downgrade() -> None:
    op.drop_column("jobs", "weight")
