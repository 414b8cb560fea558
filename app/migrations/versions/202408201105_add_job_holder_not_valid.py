"""Let jobs know their holder, with constraints that are not validated yet.

A running job names its worker, says when that worker was last heard of, and after how many seconds
of silence it counts as lost. The foreign key and the check hold for every row written from now on;
the rows that exist are looked at by the next revision.

Locks: ACCESS EXCLUSIVE on queue_jobs and SHARE ROW EXCLUSIVE on workers, for an instant.
Safe because a column with a constant default is a change of the catalog only, and a constraint
added NOT VALID scans nothing.
Downgrade loses: who holds which job, its heartbeats and timeouts.

Revises: 202407091430
Create Date: 2024-08-20 11:05:00+00:00
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "202408201105"
down_revision: str | None = "202407091430"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "queue_jobs",
        sa.Column("worker_id", sa.BigInteger(), comment="The worker that holds the job."),
    )
    op.add_column(
        "queue_jobs",
        sa.Column(
            "heartbeat_at",
            sa.DateTime(timezone=True),
            comment="When the holder was last heard of.",
        ),
    )
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
    op.create_check_constraint(
        op.f("ck_queue_jobs_timeout_seconds_positive"),
        "queue_jobs",
        "timeout_seconds > 0",
        postgresql_not_valid=True,
    )
    # pgrevise: allow foreign-key-without-index -- 202408261545 builds it concurrently
    # pgrevise: allow locks-several-tables -- nothing else locks workers before queue_jobs
    op.create_foreign_key(
        op.f("fk_queue_jobs_worker_id"),
        "queue_jobs",
        "workers",
        ["worker_id"],
        ["id"],
        ondelete="SET NULL",
        postgresql_not_valid=True,
    )


def downgrade() -> None:
    op.drop_constraint(op.f("fk_queue_jobs_worker_id"), "queue_jobs", type_="foreignkey")
    op.drop_constraint(op.f("ck_queue_jobs_timeout_seconds_positive"), "queue_jobs", type_="check")
    op.drop_column("queue_jobs", "timeout_seconds")
    op.drop_column("queue_jobs", "heartbeat_at")
    op.drop_column("queue_jobs", "worker_id")
