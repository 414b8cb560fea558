"""Prove that each attempt has job and number."""

from alembic import op

revision = "202601010002"
down_revision = "202601010001"


def upgrade() -> None:
    op.execute("ALTER TABLE attempts VALIDATE CONSTRAINT ck_attempts_key_not_null")


def downgrade() -> None:
    op.drop_constraint("ck_attempts_key_not_null", "attempts")
    op.create_check_constraint(
        "ck_attempts_key_not_null",
        "attempts",
        "job_id IS NOT NULL AND number IS NOT NULL",
        postgresql_not_valid=True,
    )
