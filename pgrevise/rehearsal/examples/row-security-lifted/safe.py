"""Let queues go by user, too."""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute("CREATE POLICY own_name ON jobs USING (queue = current_user)")


def downgrade() -> None:
    op.execute("DROP POLICY own_name ON jobs")
