"""Give jobs a weight of 1.

Also found: lock-held-during-python.
"""

import sqlalchemy as sa
from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("weight", sa.Integer()))
    engine = sa.create_engine(op.get_bind().engine.url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE jobs SET weight = 1"))


def downgrade() -> None:
    op.drop_column("jobs", "weight")
