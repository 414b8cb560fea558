"""Do without the log for jobs."""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute("ALTER TABLE jobs SET UNLOGGED")


def downgrade() -> None:
    op.execute("ALTER TABLE jobs SET LOGGED")
