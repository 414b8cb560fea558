"""Keep notes short.

Also found: type-change-rewrites-table.
"""

import sqlalchemy as sa
from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.alter_column("jobs", "note", type_=sa.String(100))


def downgrade() -> None:
    op.alter_column("jobs", "note", type_=sa.Text())
