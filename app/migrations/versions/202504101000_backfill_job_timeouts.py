"""Backfill the timeouts of the jobs that were there before.

Walks queue_jobs along its primary key, a thousand ids at a time, and commits after each batch. Rows
written meanwhile are filled by the trigger of the revision before.

Locks: ROW EXCLUSIVE on queue_jobs, and the rows of one batch for as long as it takes.
Safe because reads never wait and writes wait for one batch at most. Run again after an
interruption, it passes over the rows that have a value: nothing is done twice.
The block commits, so it runs outside a transaction, and nothing else is done here.

Revises: 202504081420
Create Date: 2025-04-10 10:00:00+00:00
"""

from __future__ import annotations

from collections.abc import Sequence

from alembic import op

revision: str = "202504101000"
down_revision: str | None = "202504081420"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(
            """\
DO $backfill$
DECLARE
    batch_start bigint := 0;
    batch_end bigint;
BEGIN
    LOOP
        SELECT max(id) INTO batch_end
        FROM (SELECT id FROM queue_jobs WHERE id > batch_start ORDER BY id LIMIT 1000) AS batch;
        EXIT WHEN batch_end IS NULL;
        UPDATE queue_jobs
        SET timeout = make_interval(secs => timeout_seconds)
        WHERE id > batch_start AND id <= batch_end AND timeout IS NULL;
        COMMIT;
        batch_start := batch_end;
    END LOOP;
END
$backfill$"""
        )


def downgrade() -> None:
    """Nothing to undo: the values go with their column, in the revision before."""
