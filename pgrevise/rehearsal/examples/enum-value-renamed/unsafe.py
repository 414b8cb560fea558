"""Call what is done finished."""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute("ALTER TYPE job_state RENAME VALUE 'done' TO 'finished'")


def downgrade() -> None:
    op.execute("ALTER TYPE job_state RENAME VALUE 'finished' TO 'done'")
