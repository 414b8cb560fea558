"""Put the attempts of 2025 aside."""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE attempts DETACH PARTITION attempts_2025 CONCURRENTLY")


def downgrade() -> None:
    # Detached concurrently, it kept a CHECK of its bounds, which makes attaching it free.
    op.execute(
        "ALTER TABLE attempts ATTACH PARTITION attempts_2025"
        " FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')"
    )
    op.drop_constraint("attempts_2025_day_check", "attempts_2025")
