"""Write less to the log."""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute("ALTER TABLE jobs REPLICA IDENTITY DEFAULT")


def downgrade() -> None:
    op.execute("ALTER TABLE jobs REPLICA IDENTITY FULL")
