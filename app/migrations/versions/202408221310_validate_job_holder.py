"""Validate the constraints on the holder of a job.

The second half of the revision before: the rows that were there already are checked too.

Locks: SHARE UPDATE EXCLUSIVE on queue_jobs and ROW SHARE on workers, while the rows are read.
Safe because neither stops reads or writes, and the stronger locks of adding the constraints were
given back when that revision committed.
The downgrade adds both constraints again without validating: the very state of before.

Revises: 202408201105
Create Date: 2024-08-22 13:10:00+00:00
"""

from __future__ import annotations

from collections.abc import Sequence

from alembic import op

revision: str = "202408221310"
down_revision: str | None = "202408201105"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("ALTER TABLE queue_jobs VALIDATE CONSTRAINT ck_queue_jobs_timeout_seconds_positive")
    op.execute("ALTER TABLE queue_jobs VALIDATE CONSTRAINT fk_queue_jobs_worker_id")


def downgrade() -> None:
    op.drop_constraint(op.f("fk_queue_jobs_worker_id"), "queue_jobs", type_="foreignkey")
    op.drop_constraint(op.f("ck_queue_jobs_timeout_seconds_positive"), "queue_jobs", type_="check")
    op.create_check_constraint(
        op.f("ck_queue_jobs_timeout_seconds_positive"),
        "queue_jobs",
        "timeout_seconds > 0",
        postgresql_not_valid=True,
    )
    op.create_foreign_key(
        op.f("fk_queue_jobs_worker_id"),
        "queue_jobs",
        "workers",
        ["worker_id"],
        ["id"],
        ondelete="SET NULL",
        postgresql_not_valid=True,
    )
