"""Replace the index behind the claim query, concurrently.

The first one ignores the priority, so every claim sorted all the waiting jobs of its queue. The new
one has the very order in which jobs are claimed. It is built before the old one goes: at no moment
is the claim query without an index.

Locks: SHARE UPDATE EXCLUSIVE on queue_jobs.
Safe because building and dropping concurrently let reads and writes pass. Run again after an
interruption, it builds an INVALID index anew, keeps a finished one, and ends in the same state.

Revises: 202410070940
Create Date: 2024-11-18 16:20:00+00:00
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "202411181620"
down_revision: str | None = "202410070940"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            op.f("ix_queue_jobs_queue_id_priority_run_at_id"),
            "queue_jobs",
            ["queue_id", sa.text("priority DESC"), "run_at", "id"],
            postgresql_where=sa.text("status = 'queued'"),
            postgresql_concurrently=True,
        )
        op.drop_index(
            op.f("ix_queue_jobs_queue_id_run_at"),
            table_name="queue_jobs",
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            op.f("ix_queue_jobs_queue_id_run_at"),
            "queue_jobs",
            ["queue_id", "run_at"],
            postgresql_where=sa.text("status = 'queued'"),
            postgresql_concurrently=True,
        )
        op.drop_index(
            op.f("ix_queue_jobs_queue_id_priority_run_at_id"),
            table_name="queue_jobs",
            postgresql_concurrently=True,
        )
