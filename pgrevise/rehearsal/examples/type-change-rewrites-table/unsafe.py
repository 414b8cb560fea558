"""Count attempts in a bigint.

Also found: type-narrowed.
"""

import sqlalchemy as sa
from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.alter_column("jobs", "attempts", type_=sa.BigInteger())


def downgrade() -> None:
    op.alter_column("jobs", "attempts", type_=sa.Integer())
