"""Prove that no priority is negative."""

from alembic import op

revision = "202601010002"
down_revision = "202601010001"


def upgrade() -> None:
    op.execute("ALTER TABLE jobs VALIDATE CONSTRAINT ck_jobs_priority")


def downgrade() -> None:
    op.drop_constraint("ck_jobs_priority", "jobs")
    op.create_check_constraint(
        "ck_jobs_priority", "jobs", "priority >= 0", postgresql_not_valid=True
    )
