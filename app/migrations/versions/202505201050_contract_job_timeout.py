"""Contract the timeout of a job: the seconds go.

The last of the six. No release reads or writes timeout_seconds any more, so the trigger, the column
and its check are dropped, and the interval gets the default.

Locks: ACCESS EXCLUSIVE on queue_jobs, for an instant.
Safe because dropping a column and setting a default are changes of the catalog only.
The downgrade brings both columns back in their old order, which copies every row and holds ACCESS
EXCLUSIVE throughout: stop the workers first.
Downgrade loses: in timeout_seconds, the fractions of seconds, rounded up; timeout keeps them.

Revises: 202504161400
Create Date: 2025-05-20 10:50:00+00:00
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "202505201050"
down_revision: str | None = "202504161400"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("DROP TRIGGER queue_jobs_sync_timeout ON queue_jobs")
    op.execute("DROP FUNCTION queue_jobs_sync_timeout()")
    # pgrevise: allow column-dropped -- no release knows it any more
    op.drop_column("queue_jobs", "timeout_seconds")
    op.alter_column(
        "queue_jobs",
        "timeout",
        server_default=sa.text("'00:05:00'::interval"),
        existing_type=sa.Interval(),
        existing_nullable=False,
    )


def downgrade() -> None:
    # The seconds stood before the interval, and a column is only ever added at the end: the
    # interval is set aside and added anew behind them.
    op.alter_column("queue_jobs", "timeout", new_column_name="timeout_aside")
    op.add_column(
        "queue_jobs",
        sa.Column(
            "timeout_seconds",
            sa.Integer(),
            server_default=sa.text("300"),
            nullable=False,
            comment="Silence after which the holder counts as lost.",
        ),
    )
    op.add_column(
        "queue_jobs",
        sa.Column(
            "timeout", sa.Interval(), comment="Silence after which the holder counts as lost."
        ),
    )
    op.execute(
        "UPDATE queue_jobs SET timeout = timeout_aside,"
        " timeout_seconds = ceil(extract(epoch FROM timeout_aside))"
    )
    op.drop_column("queue_jobs", "timeout_aside")
    op.alter_column("queue_jobs", "timeout", nullable=False, existing_type=sa.Interval())
    op.create_check_constraint(
        op.f("ck_queue_jobs_timeout_seconds_positive"), "queue_jobs", "timeout_seconds > 0"
    )
    op.create_check_constraint(
        op.f("ck_queue_jobs_timeout_positive"), "queue_jobs", "timeout > interval '0'"
    )
    op.execute(
        """\
CREATE FUNCTION queue_jobs_sync_timeout() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    IF NEW.timeout IS NULL THEN
        NEW.timeout := make_interval(secs => NEW.timeout_seconds);
    ELSIF TG_OP = 'INSERT' OR NEW.timeout IS DISTINCT FROM OLD.timeout THEN
        NEW.timeout_seconds := ceil(extract(epoch FROM NEW.timeout));
    ELSE
        NEW.timeout := make_interval(secs => NEW.timeout_seconds);
    END IF;
    RETURN NEW;
END
$function$"""
    )
    op.execute(
        "COMMENT ON FUNCTION queue_jobs_sync_timeout() IS"
        " 'Keeps timeout and timeout_seconds equal while both exist.'"
    )
    op.execute(
        """\
CREATE TRIGGER queue_jobs_sync_timeout
BEFORE INSERT OR UPDATE OF timeout, timeout_seconds ON queue_jobs
FOR EACH ROW EXECUTE FUNCTION queue_jobs_sync_timeout()"""
    )
