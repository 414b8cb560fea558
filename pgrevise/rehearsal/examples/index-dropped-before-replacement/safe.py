"""Find jobs by state and queue."""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_jobs_state_queue", "jobs", ["state", "queue"], postgresql_concurrently=True
        )
        op.drop_index("ix_jobs_state", postgresql_concurrently=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index("ix_jobs_state", "jobs", ["state"], postgresql_concurrently=True)
        op.drop_index("ix_jobs_state_queue", postgresql_concurrently=True)
