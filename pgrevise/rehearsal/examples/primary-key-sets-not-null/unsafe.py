"""Attempts are known by job and number.

Also found: index-blocks-writes, not-null-may-fail, unique-may-fail, fails-on-existing-rows.
"""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute(
        "ALTER TABLE attempts ADD CONSTRAINT pk_attempts PRIMARY KEY USING INDEX pk_attempts"
    )


def downgrade() -> None:
    op.drop_constraint("pk_attempts", "attempts")
    op.alter_column("attempts", "job_id", nullable=True)
    op.alter_column("attempts", "number", nullable=True)
    op.create_index("pk_attempts", "attempts", ["job_id", "number"], unique=True)
