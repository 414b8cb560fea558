"""Tidy up.

Also found: backfill-in-one-statement.
"""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute("UPDATE jobs SET note = NULL WHERE queue IS NOT NULL")


def downgrade() -> None:
    op.execute("SELECT 1")
