"""Keep the state of jobs as text.

Also found: type-change-rewrites-table, type-narrowed.
"""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute("ALTER TABLE jobs ALTER COLUMN state TYPE text")
    op.execute("DROP TYPE job_state")


def downgrade() -> None:
    op.execute("CREATE TYPE job_state AS ENUM ('queued', 'done')")
    op.execute("ALTER TABLE jobs ALTER COLUMN state TYPE job_state USING state::job_state")
