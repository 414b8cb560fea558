"""Jobs can fail, too.

Release 7 takes jobs that failed, and release 8 writes them. The next revision validates it.

Also found: check-scans-table.
"""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.drop_constraint("ck_jobs_state", "jobs")
    op.create_check_constraint(
        "ck_jobs_states", "jobs", "state IN ('queued', 'done', 'failed')", postgresql_not_valid=True
    )


def downgrade() -> None:
    op.drop_constraint("ck_jobs_states", "jobs")
    op.create_check_constraint("ck_jobs_state", "jobs", "state IN ('queued', 'done')")
