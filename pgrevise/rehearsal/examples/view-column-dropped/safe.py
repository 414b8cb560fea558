"""Show less of open jobs, in a view of its own."""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute("CREATE VIEW waiting_jobs AS SELECT id, queue FROM jobs WHERE state <> 'done'")


def downgrade() -> None:
    op.execute("DROP VIEW waiting_jobs")
