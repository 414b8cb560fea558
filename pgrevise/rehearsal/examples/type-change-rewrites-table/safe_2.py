"""Let queues have longer names: what is stored stays the same.

Also found: type-narrowed, type-change-rewrites-table.
"""

import sqlalchemy as sa
from alembic import op

revision = "202601010002"
down_revision = "202601010001"


def upgrade() -> None:
    op.alter_column("jobs", "queue", type_=sa.String(60))


def downgrade() -> None:
    """Restores the type; cannot be undone once a name is longer than 30 characters."""
    op.alter_column("jobs", "queue", type_=sa.String(30))
