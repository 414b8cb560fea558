"""Drop the index of states."""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.drop_index("ix_jobs_state", "jobs")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index("ix_jobs_state", "jobs", ["state"], postgresql_concurrently=True)
