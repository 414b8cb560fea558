"""Index all attempts by their start.

Also found: drop-index-blocks-reads, index-blocks-writes.
"""

from alembic import op

revision = "202601010002"
down_revision = "202601010001"


def upgrade() -> None:
    op.execute("CREATE INDEX ix_attempts_started_at ON ONLY attempts (started_at)")
    op.execute("ALTER INDEX ix_attempts_started_at ATTACH PARTITION ix_attempts_2025_started_at")


def downgrade() -> None:
    # An attached index goes with its parent's.
    op.drop_index("ix_attempts_started_at", "attempts")
    op.execute("CREATE INDEX ix_attempts_2025_started_at ON attempts_2025 (started_at)")
