"""Workers ask by themselves."""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute("DROP TRIGGER tell_workers ON jobs")


def downgrade() -> None:
    op.execute("CREATE TRIGGER tell_workers AFTER INSERT ON jobs EXECUTE FUNCTION tell_workers()")
