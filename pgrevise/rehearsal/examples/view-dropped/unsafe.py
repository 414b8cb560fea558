"""Tidy up."""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute("DROP VIEW open_jobs")


def downgrade() -> None:
    op.execute("CREATE VIEW open_jobs AS SELECT id FROM jobs WHERE state = 'open'")
