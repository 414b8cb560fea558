"""Keep jobs that were tried.

The next revision validates it.

Also found: foreign-key-scans-table, foreign-key-locks-referenced.
"""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.drop_constraint("fk_attempts_job_id", "attempts")
    # pgrevise: allow foreign-key-action-changed -- release 8 deletes no jobs, release 7 is gone
    op.create_foreign_key(
        "fk_attempts_job_id",
        "attempts",
        "jobs",
        ["job_id"],
        ["id"],
        ondelete="RESTRICT",
        postgresql_not_valid=True,
    )


def downgrade() -> None:
    op.drop_constraint("fk_attempts_job_id", "attempts")
    op.create_foreign_key(
        "fk_attempts_job_id", "attempts", "jobs", ["job_id"], ["id"], ondelete="CASCADE"
    )
