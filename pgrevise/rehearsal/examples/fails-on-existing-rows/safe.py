"""Every new job has a price above nothing.

The old ones get theirs in batches; then the next revision validates the check.
"""

import sqlalchemy as sa
from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("price", sa.Integer(), server_default="0", nullable=False))
    op.create_check_constraint("ck_jobs_price", "jobs", "price > 0", postgresql_not_valid=True)


def downgrade() -> None:
    op.drop_constraint("ck_jobs_price", "jobs")
    op.drop_column("jobs", "price")
