"""Ask for a state, too."""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute("DROP FUNCTION next_job(text)")
    op.execute(
        "CREATE FUNCTION next_job(queue text, state text) RETURNS bigint LANGUAGE sql AS $$"
        " SELECT min(id) FROM jobs WHERE jobs.queue = $1 AND jobs.state = $2 $$"
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION next_job(text, text)")
    op.execute(
        "CREATE FUNCTION next_job(queue text) RETURNS bigint LANGUAGE sql AS $$ SELECT"
        " min(id) FROM jobs WHERE jobs.queue = $1 $$"
    )
