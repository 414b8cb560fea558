"""Jobs are never done.

Also found: type-change-rewrites-table, fails-on-existing-rows.
"""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute("CREATE TYPE job_state_new AS ENUM ('queued')")
    op.execute(
        "ALTER TABLE jobs ALTER COLUMN state TYPE job_state_new USING state::text::job_state_new"
    )
    op.execute("DROP TYPE job_state")
    op.execute("ALTER TYPE job_state_new RENAME TO job_state")


def downgrade() -> None:
    op.execute("CREATE TYPE job_state_new AS ENUM ('queued', 'done')")
    op.execute(
        "ALTER TABLE jobs ALTER COLUMN state TYPE job_state_new USING state::text::job_state_new"
    )
    op.execute("DROP TYPE job_state")
    op.execute("ALTER TYPE job_state_new RENAME TO job_state")
