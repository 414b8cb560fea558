"""Let due times, which are in UTC, know their time zone."""

import sqlalchemy as sa
from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute("SET LOCAL TIME ZONE 'UTC'")
    op.alter_column("jobs", "due_at", type_=sa.TIMESTAMP(timezone=True))


def downgrade() -> None:
    op.execute("SET LOCAL TIME ZONE 'UTC'")
    op.alter_column("jobs", "due_at", type_=sa.TIMESTAMP())
