"""Tidy up.

The extension citext stays: it is for others to say that they do without.
"""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute("COMMENT ON TABLE jobs IS 'nothing here uses citext'")


def downgrade() -> None:
    op.execute("COMMENT ON TABLE jobs IS NULL")
