"""Tell the state of open jobs, too."""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute(
        "CREATE OR REPLACE VIEW open_jobs AS SELECT id, state FROM jobs WHERE state = 'open'"
    )


def downgrade() -> None:
    op.execute("DROP VIEW open_jobs")
    op.execute("CREATE VIEW open_jobs AS SELECT id FROM jobs WHERE state = 'open'")
