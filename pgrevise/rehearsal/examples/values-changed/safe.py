"""Put every job into the queue "default", the only one that has workers.

The downgrade leaves them there: nobody works the others any more.

Also found: backfill-in-one-statement.
"""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute("UPDATE jobs SET queue = 'default' WHERE queue IS NOT NULL")


def downgrade() -> None:
    op.execute("SELECT 1")
