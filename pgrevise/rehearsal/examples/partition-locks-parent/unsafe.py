"""Make room for the attempts of 2026."""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute(
        "CREATE TABLE attempts_2026 PARTITION OF attempts"
        " FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')"
    )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE attempts DETACH PARTITION attempts_2026 CONCURRENTLY")
        op.drop_table("attempts_2026")
