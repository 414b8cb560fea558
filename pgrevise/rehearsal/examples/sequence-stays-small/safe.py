"""Count further.

Also found: type-change-rewrites-table.
"""

import sqlalchemy as sa
from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.alter_column("jobs", "number", type_=sa.BigInteger())
    op.execute("ALTER SEQUENCE jobs_number_seq AS bigint")


def downgrade() -> None:
    op.execute("ALTER SEQUENCE jobs_number_seq AS integer")
    op.alter_column("jobs", "number", type_=sa.Integer())
