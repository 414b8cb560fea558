"""Prove that all jobs are of queues that are there.

Also found: foreign-key-locks-referenced.
"""

from alembic import op

revision = "202601010002"
down_revision = "202601010001"


def upgrade() -> None:
    op.execute("ALTER TABLE jobs VALIDATE CONSTRAINT fk_jobs_queue_id")


def downgrade() -> None:
    op.drop_constraint("fk_jobs_queue_id", "jobs")
    op.create_foreign_key(
        "fk_jobs_queue_id", "jobs", "queues", ["queue_id"], ["id"], postgresql_not_valid=True
    )
