"""Prove that each job is in a queue."""

from alembic import op

revision = "202601010002"
down_revision = "202601010001"


def upgrade() -> None:
    op.execute("ALTER TABLE jobs VALIDATE CONSTRAINT ck_jobs_queue")


def downgrade() -> None:
    op.drop_constraint("ck_jobs_queue", "jobs")
    op.create_check_constraint(
        "ck_jobs_queue", "jobs", "queue IS NOT NULL", postgresql_not_valid=True
    )
