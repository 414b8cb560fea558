"""Give the jobs of before a token."""

import sqlalchemy as sa
from alembic import op

revision = "202601010002"
down_revision = "202601010001"


def upgrade() -> None:
    jobs = sa.table("jobs", sa.column("id"), sa.column("token"))
    with op.get_context().autocommit_block():
        connection = op.get_bind()
        newest = connection.scalar(sa.select(sa.func.max(jobs.c.id))) or 0
        for first in range(0, newest + 1, 1000):
            batch = jobs.c.id.between(first, first + 999) & jobs.c.token.is_(None)
            connection.execute(jobs.update().where(batch).values(token=sa.func.gen_random_uuid()))


def downgrade() -> None:
    """Nothing to undo: the tokens go with their column."""
