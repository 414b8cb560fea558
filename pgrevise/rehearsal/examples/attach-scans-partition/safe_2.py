"""Prove that the old attempts are all of 2024."""

from alembic import op

revision = "202601010002"
down_revision = "202601010001"


def upgrade() -> None:
    op.execute("ALTER TABLE old_attempts VALIDATE CONSTRAINT ck_old_attempts_day")


def downgrade() -> None:
    op.drop_constraint("ck_old_attempts_day", "old_attempts")
    op.create_check_constraint(
        "ck_old_attempts_day",
        "old_attempts",
        "day >= '2024-01-01' AND day < '2025-01-01'",
        postgresql_not_valid=True,
    )
