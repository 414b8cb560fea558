"""Keep other years out of the old attempts.

Also found: constraint-left-not-valid.
"""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.create_check_constraint(
        "ck_old_attempts_day",
        "old_attempts",
        "day >= '2024-01-01' AND day < '2025-01-01'",
        postgresql_not_valid=True,
    )


def downgrade() -> None:
    op.drop_constraint("ck_old_attempts_day", "old_attempts")
