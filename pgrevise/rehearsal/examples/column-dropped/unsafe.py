"""Tidy up.

Also found: undocumented-loss.
"""

import sqlalchemy as sa
from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.drop_column("jobs", "note")


def downgrade() -> None:
    op.add_column("jobs", sa.Column("note", sa.Text()))
