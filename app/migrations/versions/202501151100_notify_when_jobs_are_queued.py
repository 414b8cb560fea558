"""Notify listeners when jobs are queued.

Idle workers LISTEN on the channel queue_jobs instead of asking the table every second. A
notification holds the id of the queue and is a hint only: a worker that misses it finds the job
when it next asks.

Locks: SHARE ROW EXCLUSIVE on queue_jobs, for an instant: writes wait.
Safe because creating a trigger reads no row. The function is new and calls only pg_notify.

Revises: 202411181620
Create Date: 2025-01-15 11:00:00+00:00
"""

from __future__ import annotations

from collections.abc import Sequence

from alembic import op

revision: str = "202501151100"
down_revision: str | None = "202411181620"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute(
        """\
CREATE FUNCTION queue_jobs_notify() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    -- A hint, not a message: whoever listens asks the table. Equal hints of one
    -- transaction are delivered once.
    PERFORM pg_notify('queue_jobs', NEW.queue_id::text);
    RETURN NULL;
END
$function$"""
    )
    op.execute(
        "COMMENT ON FUNCTION queue_jobs_notify() IS 'Tells listeners which queue has new work.'"
    )
    op.execute(
        """\
CREATE TRIGGER queue_jobs_notify
AFTER INSERT OR UPDATE OF status ON queue_jobs
FOR EACH ROW WHEN (NEW.status = 'queued')
EXECUTE FUNCTION queue_jobs_notify()"""
    )
    op.execute(
        "COMMENT ON TRIGGER queue_jobs_notify ON queue_jobs IS"
        " 'Fires for jobs that are queued, and queued again.'"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER queue_jobs_notify ON queue_jobs")
    op.execute("DROP FUNCTION queue_jobs_notify()")
