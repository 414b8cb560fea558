"""Index the jobs by priority."""

from alembic import op

revision = "202601010002"
down_revision = "202601010001"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index("ix_jobs_priority", "jobs", ["priority"], postgresql_concurrently=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ix_jobs_priority", "jobs", postgresql_concurrently=True)
