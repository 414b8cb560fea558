"""Index the due times again."""

from alembic import op

revision = "202601010003"
down_revision = "202601010002"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index("ix_jobs_due_at", "jobs", ["due_at"], postgresql_concurrently=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ix_jobs_due_at", "jobs", postgresql_concurrently=True)
