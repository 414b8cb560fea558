"""Each job is in a queue; the check is proof enough.

Also found: check-scans-table.
"""

from alembic import op

revision = "202601010003"
down_revision = "202601010002"


def upgrade() -> None:
    op.alter_column("jobs", "queue", nullable=False)
    op.drop_constraint("ck_jobs_queue_not_null", "jobs")


def downgrade() -> None:
    op.execute(
        "ALTER TABLE jobs ALTER queue DROP NOT NULL,"
        " ADD CONSTRAINT ck_jobs_queue_not_null CHECK (queue IS NOT NULL)"
    )
