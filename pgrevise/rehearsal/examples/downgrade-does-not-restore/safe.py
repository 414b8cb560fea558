"""Give jobs a weight and a place."""

import sqlalchemy as sa
from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("weight", sa.Integer()))
    op.add_column("jobs", sa.Column("place", sa.Text()))


def downgrade() -> None:
    op.drop_column("jobs", "place")
    op.drop_column("jobs", "weight")
