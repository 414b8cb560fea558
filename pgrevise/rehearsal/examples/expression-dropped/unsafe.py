"""Let jobs have labels of their own.

There is no way back: the downgrade raises.

Also found: downgrade-refused.
"""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute("ALTER TABLE jobs ALTER COLUMN label DROP EXPRESSION")


def downgrade() -> None:
    raise NotImplementedError
