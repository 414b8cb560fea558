"""A code is of one job."""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index("uq_jobs_code", "jobs", ["code"], unique=True, postgresql_concurrently=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("uq_jobs_code", "jobs", postgresql_concurrently=True)
