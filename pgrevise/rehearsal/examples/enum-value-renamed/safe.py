"""Jobs can be finished, which replaces done.

When no release writes done, its rows are rewritten in batches.
"""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute("ALTER TYPE job_state ADD VALUE IF NOT EXISTS 'finished'")


# pgrevise: allow downgrade-leaves-label -- the old release never meets the label
def downgrade() -> None:
    pass
