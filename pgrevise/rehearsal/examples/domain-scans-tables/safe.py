"""Refuse new priorities that are negative.

Also found: constraint-left-not-valid.
"""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute("ALTER DOMAIN priority ADD CONSTRAINT ck_priority CHECK (VALUE >= 0) NOT VALID")


def downgrade() -> None:
    op.execute("ALTER DOMAIN priority DROP CONSTRAINT ck_priority")
