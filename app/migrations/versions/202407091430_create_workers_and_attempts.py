"""Create workers and attempts.

Workers are the processes that take jobs; an attempt is each time one did. An attempt goes with its
job (CASCADE) and outlives its worker (SET NULL). Its duration is generated, so it is never wrong.

Locks: SHARE ROW EXCLUSIVE on queue_jobs, for the foreign key of a table created here: writes to
queue_jobs wait until this transaction ends.
Safe because the new tables are empty, so nothing is scanned and the transaction is short.
Downgrade loses: every worker and every attempt.

Revises: 202406141200
Create Date: 2024-07-09 14:30:00+00:00
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "202407091430"
down_revision: str | None = "202406141200"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

attempt_outcome = postgresql.ENUM("succeeded", "failed", name="attempt_outcome", create_type=False)


def upgrade() -> None:
    op.create_table(
        "workers",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "labels", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column(
            "started_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "last_seen_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workers")),
        sa.UniqueConstraint("name", name=op.f("uq_workers_name")),
        comment="Processes that take jobs.",
    )
    op.execute("CREATE TYPE attempt_outcome AS ENUM ('succeeded', 'failed')")
    op.create_table(
        "attempts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column("worker_id", sa.BigInteger()),
        sa.Column(
            "number", sa.Integer(), nullable=False, comment="1 for the first try at the job."
        ),
        sa.Column("outcome", attempt_outcome),
        sa.Column("error", sa.Text()),
        sa.Column(
            "started_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column(
            "duration", sa.Interval(), sa.Computed("finished_at - started_at", persisted=True)
        ),
        sa.Column("log", sa.Text(), comment="What the job printed."),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
        sa.UniqueConstraint("job_id", "number", name=op.f("uq_attempts_job_id_number")),
        sa.ForeignKeyConstraint(
            ["job_id"], ["queue_jobs.id"], name=op.f("fk_attempts_job_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["worker_id"], ["workers.id"], name=op.f("fk_attempts_worker_id"), ondelete="SET NULL"
        ),
        sa.CheckConstraint("number > 0", name=op.f("ck_attempts_number_positive")),
        sa.CheckConstraint(
            "(outcome IS NULL) = (finished_at IS NULL)",
            name=op.f("ck_attempts_outcome_when_finished"),
        ),
        sa.CheckConstraint(
            "finished_at >= started_at", name=op.f("ck_attempts_finished_after_start")
        ),
        comment="Each time a worker took a job.",
    )
    op.create_index(op.f("ix_attempts_worker_id"), "attempts", ["worker_id"])


def downgrade() -> None:
    op.drop_table("attempts")
    op.execute("DROP TYPE attempt_outcome")
    op.drop_table("workers")
