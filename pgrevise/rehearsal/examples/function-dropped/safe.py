"""Ask for a state, too.

Release 8 calls the function with two arguments; the one with one goes after release 7.
"""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute(
        "CREATE FUNCTION next_job(queue text, state text) RETURNS bigint LANGUAGE sql AS $$"
        " SELECT min(id) FROM jobs WHERE jobs.queue = $1 AND jobs.state = $2 $$"
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION next_job(text, text)")
