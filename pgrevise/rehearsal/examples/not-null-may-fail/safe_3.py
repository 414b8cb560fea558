"""Each job is in a queue: the check has proved it."""

from alembic import op

revision = "202601010003"
down_revision = "202601010002"


def upgrade() -> None:
    op.alter_column("jobs", "queue", nullable=False)


def downgrade() -> None:
    op.alter_column("jobs", "queue", nullable=True)
