"""Give jobs a weight.

Also found: lock-held-during-python.
"""

import sqlalchemy as sa
from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("weight", sa.Integer()))


def downgrade() -> None:
    op.drop_column("jobs", "weight")
    engine = sa.create_engine(op.get_bind().engine.url)
    with engine.connect() as connection:
        connection.execute(sa.text("SELECT count(*) FROM jobs"))
