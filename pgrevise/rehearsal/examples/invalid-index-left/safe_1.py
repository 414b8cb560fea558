"""Index the attempts of 2025 by their start."""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_attempts_2025_started_at",
            "attempts_2025",
            ["started_at"],
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ix_attempts_2025_started_at", "attempts_2025", postgresql_concurrently=True)
