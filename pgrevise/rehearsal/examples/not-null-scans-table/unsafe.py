"""Each job is in a queue.

Also found: not-null-may-fail, fails-on-existing-rows.
"""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.alter_column("jobs", "queue", nullable=False)


def downgrade() -> None:
    op.alter_column("jobs", "queue", nullable=True)
