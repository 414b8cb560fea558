"""Give jobs a weight."""

from threading import Thread
from time import sleep

import sqlalchemy as sa
from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("weight", sa.Integer()))
    Thread(target=sleep, args=[30], daemon=True).start()


def downgrade() -> None:
    op.drop_column("jobs", "weight")
