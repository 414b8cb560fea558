"""Jobs get a remark, which takes the place of their note: expand.

The next release writes both and reads the note, a backfill copies what is there, the release after
that knows the remark only; then a revision drops the note: contract.
"""

import sqlalchemy as sa
from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("remark", sa.Text()))


def downgrade() -> None:
    op.drop_column("jobs", "remark")
