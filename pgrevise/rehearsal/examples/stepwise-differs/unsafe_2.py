"""Keep the results of jobs."""

from alembic import op

revision = "202601010002"
down_revision = "202601010001"


def upgrade() -> None:
    op.execute("CREATE TABLE results (job_id bigint NOT NULL, result jsonb)")


def downgrade() -> None:
    op.execute("DROP TABLE results")
