"""Index the jobs that are held, concurrently.

One index finds a worker's jobs (deleting a worker would read all of queue_jobs otherwise), the
other the running jobs by their last heartbeat. Both are partial: few jobs are held at a time.

Locks: SHARE UPDATE EXCLUSIVE on queue_jobs.
Safe because a concurrent build lets reads and writes pass; it waits for transactions that are
older, holding up nobody. It runs outside a transaction, so nothing else is done here.

Revises: 202408221310
Create Date: 2024-08-26 15:45:00+00:00
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "202408261545"
down_revision: str | None = "202408221310"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            op.f("ix_queue_jobs_worker_id"),
            "queue_jobs",
            ["worker_id"],
            postgresql_where=sa.text("worker_id IS NOT NULL"),
            postgresql_concurrently=True,
        )
        op.create_index(
            op.f("ix_queue_jobs_heartbeat_at"),
            "queue_jobs",
            ["heartbeat_at"],
            postgresql_where=sa.text("status = 'running'"),
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(
            op.f("ix_queue_jobs_heartbeat_at"),
            table_name="queue_jobs",
            postgresql_concurrently=True,
        )
        op.drop_index(
            op.f("ix_queue_jobs_worker_id"),
            table_name="queue_jobs",
            postgresql_concurrently=True,
        )
