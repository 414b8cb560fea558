"""Number jobs no more."""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute("DROP SEQUENCE job_numbers")


def downgrade() -> None:
    op.execute("CREATE SEQUENCE job_numbers")
