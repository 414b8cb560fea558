"""Find the attempts of a job in their order."""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_attempts_job_id_id", "attempts", ["job_id", "id"], postgresql_concurrently=True
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ix_attempts_job_id_id", postgresql_concurrently=True)
