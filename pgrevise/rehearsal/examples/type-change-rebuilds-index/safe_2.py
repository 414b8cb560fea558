"""Let due times know their time zone."""

import sqlalchemy as sa
from alembic import op

revision = "202601010002"
down_revision = "202601010001"


def upgrade() -> None:
    op.execute("SET LOCAL TIME ZONE 'UTC'")
    op.alter_column("jobs", "due_at", type_=sa.TIMESTAMP(timezone=True))


def downgrade() -> None:
    op.execute("SET LOCAL TIME ZONE 'UTC'")
    op.alter_column("jobs", "due_at", type_=sa.TIMESTAMP())
