"""Jobs start as new.

Also found: upgrade-fails.
"""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute("ALTER TYPE job_state ADD VALUE 'new' BEFORE 'queued'")
    op.alter_column("jobs", "state", server_default="new")


def downgrade() -> None:
    """The value stays: it cannot be taken out of its type."""
