"""Keep a copy of the jobs."""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute("CREATE TABLE jobs_of_2026 AS TABLE jobs")


def downgrade() -> None:
    op.drop_table("jobs_of_2026")
