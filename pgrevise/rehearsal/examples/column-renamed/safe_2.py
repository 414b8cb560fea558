"""Drop the note of jobs.

Downgrade loses: nothing that the remark has not.
"""

import sqlalchemy as sa
from alembic import op

revision = "202601010002"
down_revision = "202601010001"


def upgrade() -> None:
    # pgrevise: allow column-dropped -- every release reads and writes the remark
    op.drop_column("jobs", "note")


# pgrevise: allow downgrade-changes-column-order -- all our queries name their columns
def downgrade() -> None:
    op.add_column("jobs", sa.Column("note", sa.Text()))
