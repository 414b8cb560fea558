"""No job is done any more: the label stays, unused."""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute("COMMENT ON TYPE job_state IS 'done is no longer used'")


def downgrade() -> None:
    op.execute("COMMENT ON TYPE job_state IS NULL")
