"""Keep finished jobs apart."""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute("CREATE TABLE archive.finished_jobs (LIKE public.jobs)")


def downgrade() -> None:
    op.execute("DROP TABLE archive.finished_jobs")
