"""Drop the index that the longer one stands for."""

from alembic import op

revision = "202601010002"
down_revision = "202601010001"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ix_attempts_job_id", postgresql_concurrently=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index("ix_attempts_job_id", "attempts", ["job_id"], postgresql_concurrently=True)
