"""Priorities are not negative.

Also found: fails-on-existing-rows.
"""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute("ALTER DOMAIN priority ADD CONSTRAINT ck_priority CHECK (VALUE >= 0)")


def downgrade() -> None:
    op.execute("ALTER DOMAIN priority DROP CONSTRAINT ck_priority")
