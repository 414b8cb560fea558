"""Tidy up.

Also found: table-dropped, downgrade-does-not-restore, undocumented-loss.
"""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute("DROP SCHEMA staging CASCADE")


def downgrade() -> None:
    op.execute("CREATE SCHEMA staging")
