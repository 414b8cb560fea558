"""Jobs are queued, not waiting.

Also found: backfill-in-one-statement.
"""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute("UPDATE jobs SET state = 'queued' WHERE state = 'waiting'")
    op.alter_column("jobs", "state", server_default="queued")


def downgrade() -> None:
    op.alter_column("jobs", "state", server_default=None)
