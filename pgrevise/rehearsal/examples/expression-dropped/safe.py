"""Let jobs have titles of their own."""

import sqlalchemy as sa
from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("title", sa.Text()))


def downgrade() -> None:
    op.drop_column("jobs", "title")
