"""Let jobs have more states.

Also found: check-scans-table.
"""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.drop_constraint("ck_jobs_state", "jobs")


def downgrade() -> None:
    op.create_check_constraint("ck_jobs_state", "jobs", "state IN ('queued', 'done')")
