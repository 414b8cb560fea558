"""Give jobs a priority, with a default from elsewhere."""

import time

import sqlalchemy as sa
from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def ask_another_service() -> int:
    time.sleep(0.7)  # as slow as the network may be
    return 5


def upgrade() -> None:
    op.add_column("jobs", sa.Column("priority", sa.Integer()))
    default = ask_another_service()
    op.alter_column("jobs", "priority", server_default=str(default))


def downgrade() -> None:
    op.drop_column("jobs", "priority")
