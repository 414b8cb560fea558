"""Add the remark, which replaces the note.

From now on code writes both. The notes of before are copied in batches.
"""

import sqlalchemy as sa
from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("remark", sa.Text()))


def downgrade() -> None:
    op.drop_column("jobs", "remark")
