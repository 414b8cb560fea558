"""Show less of open jobs."""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute("DROP VIEW open_jobs")
    op.execute("CREATE VIEW open_jobs AS SELECT id, queue FROM jobs WHERE state <> 'done'")


def downgrade() -> None:
    op.execute("DROP VIEW open_jobs")
    op.execute("CREATE VIEW open_jobs AS SELECT id, queue, state FROM jobs WHERE state <> 'done'")
