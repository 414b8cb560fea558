"""Give jobs a weight.

This cannot be undone: what was billed by weight stays billed.
"""

import sqlalchemy as sa
from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("weight", sa.Integer()))


# pgrevise: allow downgrade-refused -- agreed with the accountants
def downgrade() -> None:
    raise NotImplementedError("weights cannot be taken back")
