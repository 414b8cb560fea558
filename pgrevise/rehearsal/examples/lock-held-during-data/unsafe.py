"""Give jobs a priority: urgent ones first."""

import sqlalchemy as sa
from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("priority", sa.Integer(), server_default="0", nullable=False))
    op.execute("UPDATE jobs SET priority = 9 WHERE queue = 'urgent'")


def downgrade() -> None:
    op.drop_column("jobs", "priority")
