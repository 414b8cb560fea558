"""Keep a copy of the jobs.

Also found: foreign-key-locks-referenced.
"""

from datetime import UTC, datetime

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute(f"CREATE TABLE jobs_{datetime.now(UTC):%H%M%S%f} AS TABLE jobs")


def downgrade() -> None:
    op.execute(
        "DO $$ DECLARE copy text; BEGIN FOR copy IN SELECT relname FROM pg_class"
        " WHERE relname ~ '^jobs_[0-9]+$' LOOP EXECUTE 'DROP TABLE ' || copy; END LOOP; END $$"
    )
