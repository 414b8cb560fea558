"""Jobs are queued, not waiting."""

import sqlalchemy as sa
from alembic import op

revision = "202601010002"
down_revision = "202601010001"


def upgrade() -> None:
    jobs = sa.table("jobs", sa.column("id"), sa.column("state"))
    with op.get_context().autocommit_block():
        connection = op.get_bind()
        newest = connection.scalar(sa.select(sa.func.max(jobs.c.id))) or 0
        for first in range(0, newest + 1, 1000):
            batch = jobs.c.id.between(first, first + 999) & (jobs.c.state == "waiting")
            connection.execute(jobs.update().where(batch).values(state="queued"))


def downgrade() -> None:
    """Nothing to undo: nobody can tell which jobs were waiting before."""
