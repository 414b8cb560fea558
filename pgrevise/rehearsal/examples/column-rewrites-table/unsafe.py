"""Give each job a token."""

import sqlalchemy as sa
from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("token", sa.Uuid(), server_default=sa.func.gen_random_uuid()))


def downgrade() -> None:
    op.drop_column("jobs", "token")
