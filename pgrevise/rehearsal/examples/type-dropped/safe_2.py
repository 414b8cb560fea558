"""Drop the type of states, which no column has."""

from alembic import op

revision = "202601010002"
down_revision = "202601010001"


def upgrade() -> None:
    # pgrevise: allow type-dropped -- release 7 no longer casts to it, release 6 is gone
    op.execute("DROP TYPE job_state")


def downgrade() -> None:
    op.execute("CREATE TYPE job_state AS ENUM ('queued', 'done')")
