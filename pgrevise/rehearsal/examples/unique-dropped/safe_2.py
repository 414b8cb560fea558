"""Let keys be used again in other queues.

Also found: unique-builds-index.
"""

from alembic import op

revision = "202601010002"
down_revision = "202601010001"


def upgrade() -> None:
    # pgrevise: allow unique-dropped -- release 8 names queue and key, release 7 is gone
    op.drop_constraint("uq_jobs_key", "jobs")


def downgrade() -> None:
    op.create_unique_constraint("uq_jobs_key", "jobs", ["key"])
