"""The old attempts are attempts too.

Also found: detach-blocks-parent, fails-on-existing-rows.
"""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute(
        "ALTER TABLE attempts ATTACH PARTITION old_attempts"
        " FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')"
    )


def downgrade() -> None:
    # Detached concurrently, it would keep a CHECK of its bounds.
    op.execute("ALTER TABLE attempts DETACH PARTITION old_attempts")
