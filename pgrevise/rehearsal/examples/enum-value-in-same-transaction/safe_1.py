"""Jobs may be new.

Also found: downgrade-leaves-label, downgrade-is-empty, conditional-ddl, conditional-ddl-skipped.
"""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute("ALTER TYPE job_state ADD VALUE IF NOT EXISTS 'new' BEFORE 'queued'")


def downgrade() -> None:
    """The value stays: it cannot be taken out of its type."""
