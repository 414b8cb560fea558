"""Give jobs a state."""

import sqlalchemy as sa
from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("state", sa.Enum("queued", "done", name="job_state")))


def downgrade() -> None:
    op.drop_column("jobs", "state")
    op.execute("DROP TYPE job_state")
