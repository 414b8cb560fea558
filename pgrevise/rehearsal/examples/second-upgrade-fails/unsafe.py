"""Give queues a weight, and have a slow one.

Also found: lock-held-during-data.
"""

import sqlalchemy as sa
from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.add_column("queues", sa.Column("weight", sa.Integer()))
    op.execute("INSERT INTO queues (name, weight) VALUES ('slow', 1)")


def downgrade() -> None:
    op.drop_column("queues", "weight")
