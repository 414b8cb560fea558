"""Give jobs a priority and a note, without a lock in between."""

import sqlalchemy as sa
from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("priority", sa.Integer(), server_default="0", nullable=False))
    op.execute("COMMIT")
    op.add_column("jobs", sa.Column("note", sa.Text()))


def downgrade() -> None:
    op.drop_column("jobs", "note")
    op.drop_column("jobs", "priority")
