"""Let queues go by user."""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute("ALTER TABLE jobs DISABLE ROW LEVEL SECURITY")


def downgrade() -> None:
    op.execute("ALTER TABLE jobs ENABLE ROW LEVEL SECURITY")
