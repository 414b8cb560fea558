"""Index the attempts by their start.

Also found: drop-index-blocks-reads, locks-several-tables, mixes-concurrent-and-transactional.
"""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute("CREATE INDEX ix_attempts_started_at ON ONLY attempts (started_at)")
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_attempts_2025_started_at",
            "attempts_2025",
            ["started_at"],
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    op.drop_index("ix_attempts_2025_started_at", "attempts_2025")
    op.drop_index("ix_attempts_started_at", "attempts")
