"""Jobs can be failed: release 7 reads that, and release 8 writes it.

Also found: downgrade-leaves-label.
"""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute("ALTER TYPE job_state ADD VALUE IF NOT EXISTS 'failed' BEFORE 'done'")


def downgrade() -> None:
    pass
