"""Give jobs a priority, and index it."""

import sqlalchemy as sa
from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("priority", sa.Integer(), server_default="0", nullable=False))
    with op.get_context().autocommit_block():
        op.create_index("ix_jobs_priority", "jobs", ["priority"], postgresql_concurrently=True)


def downgrade() -> None:
    op.drop_column("jobs", "priority")
