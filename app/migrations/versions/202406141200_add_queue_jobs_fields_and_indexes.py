"""Add the fields and indexes that claiming needs.

Jobs get a priority, a time before which they wait, a limit of attempts and a key against
duplicates; the indexes serve the claim query, the duplicates and the search in payloads.

Locks: ACCESS EXCLUSIVE on queue_jobs, held while its indexes are built and its checks are tested.
Safe because no release writes to queue_jobs yet: the table is empty. The defaults would cost
nothing on a full one (none is volatile), the indexes and checks would; from here on they are
built concurrently and validated apart.
pgrevise: allow index-blocks-writes, check-scans-table -- no release writes to queue_jobs yet
pgrevise: allow repeated-scans, drop-index-blocks-reads -- no release writes to queue_jobs yet
Downgrade loses: priorities, times, attempt counts and keys of the jobs.

Revises: 202405131015
Create Date: 2024-06-14 12:00:00+00:00
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "202406141200"
down_revision: str | None = "202405131015"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "queue_jobs",
        sa.Column(
            "priority",
            sa.SmallInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="Higher goes first.",
        ),
    )
    op.add_column(
        "queue_jobs",
        sa.Column(
            "run_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="Not claimed before this time.",
        ),
    )
    op.add_column(
        "queue_jobs",
        sa.Column("max_attempts", sa.Integer(), server_default=sa.text("5"), nullable=False),
    )
    op.add_column(
        "queue_jobs",
        sa.Column(
            "attempt_count",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="Attempts begun so far.",
        ),
    )
    op.add_column(
        "queue_jobs",
        sa.Column(
            "dedupe_key",
            sa.Text(),
            comment="At most one unfinished job of a queue has a given key.",
        ),
    )
    op.create_check_constraint(
        op.f("ck_queue_jobs_max_attempts_positive"), "queue_jobs", "max_attempts > 0"
    )
    op.create_check_constraint(
        op.f("ck_queue_jobs_attempt_count_bounded"),
        "queue_jobs",
        "attempt_count BETWEEN 0 AND max_attempts",
    )
    op.create_index(
        op.f("ix_queue_jobs_queue_id_run_at"),
        "queue_jobs",
        ["queue_id", "run_at"],
        postgresql_where=sa.text("status = 'queued'"),
    )
    op.create_index(
        op.f("ix_queue_jobs_queue_id_dedupe_key"),
        "queue_jobs",
        ["queue_id", "dedupe_key"],
        unique=True,
        postgresql_where=sa.text("dedupe_key IS NOT NULL AND finished_at IS NULL"),
    )
    op.create_index(
        op.f("ix_queue_jobs_payload"),
        "queue_jobs",
        ["payload"],
        postgresql_using="gin",
        postgresql_ops={"payload": "jsonb_path_ops"},
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_queue_jobs_payload"), table_name="queue_jobs")
    op.drop_index(op.f("ix_queue_jobs_queue_id_dedupe_key"), table_name="queue_jobs")
    op.drop_index(op.f("ix_queue_jobs_queue_id_run_at"), table_name="queue_jobs")
    op.drop_constraint(op.f("ck_queue_jobs_attempt_count_bounded"), "queue_jobs", type_="check")
    op.drop_constraint(op.f("ck_queue_jobs_max_attempts_positive"), "queue_jobs", type_="check")
    op.drop_column("queue_jobs", "dedupe_key")
    op.drop_column("queue_jobs", "attempt_count")
    op.drop_column("queue_jobs", "max_attempts")
    op.drop_column("queue_jobs", "run_at")
    op.drop_column("queue_jobs", "priority")
