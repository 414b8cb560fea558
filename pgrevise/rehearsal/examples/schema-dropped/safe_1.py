"""Drop the sources.

Downgrade loses: every row of staging.sources.
"""

import sqlalchemy as sa
from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    # pgrevise: allow table-dropped -- release 7 no longer knows it, release 6 is gone
    op.drop_table("sources", schema="staging")


def downgrade() -> None:
    op.create_table("sources", sa.Column("name", sa.Text()), schema="staging")
