"""Create queues and queue jobs.

The first two tables: named queues, and the jobs in them with a status that the database knows.

Locks: only what is created here, which nobody else can see yet.
Downgrade loses: every queue and every job.

Revises:
Create Date: 2024-05-13 10:15:00+00:00
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "202405131015"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# Created and dropped by hand: `create_table` would remember the type between revisions of one run,
# and `drop_table` would leave it behind.
job_status = postgresql.ENUM(
    "queued", "running", "succeeded", "failed", "cancelled", name="job_status", create_type=False
)


def upgrade() -> None:
    op.execute(
        "CREATE TYPE job_status AS ENUM ('queued', 'running', 'succeeded', 'failed', 'cancelled')"
    )
    op.create_table(
        "queues",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "retry_delay",
            sa.Interval(),
            server_default=sa.text("'00:00:10'::interval"),
            nullable=False,
            comment="Wait before the first retry; it doubles with every further one.",
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queues")),
        sa.UniqueConstraint("name", name=op.f("uq_queues_name")),
        sa.CheckConstraint("name ~ '^[a-z][a-z0-9_.-]*$'", name=op.f("ck_queues_name_format")),
        sa.CheckConstraint(
            "retry_delay > interval '0'", name=op.f("ck_queues_retry_delay_positive")
        ),
        comment="Named lines of jobs.",
    )
    # pgrevise: allow foreign-key-without-index -- the next revision brings it
    op.create_table(
        "queue_jobs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("queue_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind", sa.Text(), nullable=False, comment="Names the handler that does the work."
        ),
        sa.Column(
            "payload",
            postgresql.JSONB(),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "status",
            job_status,
            server_default=sa.text("'queued'::job_status"),
            nullable=False,
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_jobs")),
        sa.ForeignKeyConstraint(["queue_id"], ["queues.id"], name=op.f("fk_queue_jobs_queue_id")),
        sa.CheckConstraint(
            "(status IN ('queued', 'running')) = (finished_at IS NULL)",
            name=op.f("ck_queue_jobs_finished_at_final"),
        ),
        comment="Work to be done, being done, and done.",
    )


def downgrade() -> None:
    op.drop_table("queue_jobs")
    op.drop_table("queues")
    op.execute("DROP TYPE job_status")
