"""Find jobs by their queue."""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index("ix_jobs_queue", "jobs", ["queue"], postgresql_concurrently=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ix_jobs_queue", "jobs", postgresql_concurrently=True)
