"""Refuse new attempts without job or number.

Also found: constraint-left-not-valid.
"""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.create_check_constraint(
        "ck_attempts_key_not_null",
        "attempts",
        "job_id IS NOT NULL AND number IS NOT NULL",
        postgresql_not_valid=True,
    )


def downgrade() -> None:
    op.drop_constraint("ck_attempts_key_not_null", "attempts")
