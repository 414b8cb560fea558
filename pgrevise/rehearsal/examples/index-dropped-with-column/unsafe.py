"""Forget the host of jobs.

Also found: column-dropped, index-blocks-writes.
"""

import sqlalchemy as sa
from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.drop_column("jobs", "host")


def downgrade() -> None:
    op.add_column("jobs", sa.Column("host", sa.Text()))
    op.create_index("ix_jobs_state_host", "jobs", ["state", "host"])
