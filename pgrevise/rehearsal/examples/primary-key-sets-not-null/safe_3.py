"""Attempts are known by job and number.

Also found: index-blocks-writes, check-scans-table, unique-may-fail.
"""

from alembic import op

revision = "202601010003"
down_revision = "202601010002"


def upgrade() -> None:
    op.alter_column("attempts", "job_id", nullable=False)
    op.alter_column("attempts", "number", nullable=False)
    op.drop_constraint("ck_attempts_key_not_null", "attempts")

    op.execute(
        "ALTER TABLE attempts ADD CONSTRAINT pk_attempts PRIMARY KEY USING INDEX pk_attempts"
    )


def downgrade() -> None:
    op.drop_constraint("pk_attempts", "attempts")
    op.alter_column("attempts", "job_id", nullable=True)
    op.alter_column("attempts", "number", nullable=True)
    op.create_index("pk_attempts", "attempts", ["job_id", "number"], unique=True)

    op.create_check_constraint(
        "ck_attempts_key_not_null", "attempts", "job_id IS NOT NULL AND number IS NOT NULL"
    )
