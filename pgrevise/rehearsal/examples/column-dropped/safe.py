"""Drop the note of jobs.

Downgrade loses: every note; the column comes back empty.
"""

import sqlalchemy as sa
from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    # pgrevise: allow column-dropped -- release 7 no longer knows it, release 6 is gone
    op.drop_column("jobs", "note")


def downgrade() -> None:
    op.add_column("jobs", sa.Column("note", sa.Text()))
