"""Expand the timeout of a job from whole seconds to an interval.

The first of six revisions that change timeout_seconds (integer) into timeout (interval), with
released code working at every step: expand, backfill, require, validate, enforce, contract. Here
the new column appears beside the old one, and a trigger keeps them equal whichever is written. The
new column has no default yet: it would hide which rows still have to be filled.

Locks: ACCESS EXCLUSIVE on queue_jobs, for an instant.
Safe because a nullable column without a default is a change of the catalog only, and creating a
trigger reads no row.
Downgrade loses: the fractions of seconds that were written to timeout; timeout_seconds holds them
rounded up.

Revises: 202502251035
Create Date: 2025-04-08 14:20:00+00:00
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "202504081420"
down_revision: str | None = "202502251035"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "queue_jobs",
        sa.Column(
            "timeout", sa.Interval(), comment="Silence after which the holder counts as lost."
        ),
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


def downgrade() -> None:
    op.execute("DROP TRIGGER queue_jobs_sync_timeout ON queue_jobs")
    op.execute("DROP FUNCTION queue_jobs_sync_timeout()")
    op.drop_column("queue_jobs", "timeout")
