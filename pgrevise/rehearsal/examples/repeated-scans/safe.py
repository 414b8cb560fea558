"""Prove that no job lacks a state or a queue."""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute(
        "ALTER TABLE jobs VALIDATE CONSTRAINT ck_jobs_state, VALIDATE CONSTRAINT ck_jobs_queue"
    )


def downgrade() -> None:
    for name, condition in (("ck_jobs_state", "state <> ''"), ("ck_jobs_queue", "queue <> ''")):
        op.drop_constraint(name, "jobs")
        op.create_check_constraint(name, "jobs", condition, postgresql_not_valid=True)
