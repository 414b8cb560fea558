"""Keep jobs that were tried.

Also found: foreign-key-scans-table, locks-several-tables,
foreign-key-locks-referenced.
"""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.drop_constraint("fk_attempts_job_id", "attempts")
    op.create_foreign_key(
        "fk_attempts_job_id", "attempts", "jobs", ["job_id"], ["id"], ondelete="RESTRICT"
    )


def downgrade() -> None:
    op.drop_constraint("fk_attempts_job_id", "attempts")
    op.create_foreign_key(
        "fk_attempts_job_id", "attempts", "jobs", ["job_id"], ["id"], ondelete="CASCADE"
    )
