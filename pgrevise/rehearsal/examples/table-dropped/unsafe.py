"""Tidy up.

Also found: undocumented-loss.
"""

import sqlalchemy as sa
from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.drop_table("sources")


def downgrade() -> None:
    op.create_table("sources", sa.Column("name", sa.Text()))
