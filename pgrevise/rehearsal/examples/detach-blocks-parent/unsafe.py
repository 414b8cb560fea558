"""Put the attempts of 2025 aside.

Also found: attach-scans-partition.
"""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute("ALTER TABLE attempts DETACH PARTITION attempts_2025")


def downgrade() -> None:
    op.execute(
        "ALTER TABLE attempts ATTACH PARTITION attempts_2025"
        " FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')"
    )
