"""Create schedules and queue pauses.

A schedule queues a job again and again. A pause is a window of time during which nothing is taken
from a queue; the windows of one queue never overlap, which an exclusion constraint sees to. It
compares one-element ranges of ids rather than the ids, because comparing those in a GiST index
takes an extension, and extensions belong to the database rather than to the schema.

Locks: SHARE ROW EXCLUSIVE on queues, for the foreign keys of tables created here.
Safe because the new tables are empty, and queues is written to by people, not by workers.
Downgrade loses: every schedule and every pause.

Revises: 202408261545
Create Date: 2024-10-07 09:40:00+00:00
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "202410070940"
down_revision: str | None = "202408261545"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "schedules",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("queue_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "position",
            sa.Integer(),
            nullable=False,
            comment="Order among the schedules of a queue that are due at once.",
        ),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "payload", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("every", sa.Interval(), nullable=False),
        sa.Column(
            "next_run_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedules")),
        sa.UniqueConstraint("name", name=op.f("uq_schedules_name")),
        # Deferred, so that one transaction may swap two positions.
        sa.UniqueConstraint(
            "queue_id",
            "position",
            name=op.f("uq_schedules_queue_id_position"),
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.ForeignKeyConstraint(
            ["queue_id"], ["queues.id"], name=op.f("fk_schedules_queue_id"), ondelete="CASCADE"
        ),
        sa.CheckConstraint("every > interval '0'", name=op.f("ck_schedules_every_positive")),
        comment="Jobs that are queued again and again.",
    )
    op.create_index(
        op.f("ix_schedules_next_run_at"),
        "schedules",
        ["next_run_at"],
        postgresql_where=sa.text("enabled"),
    )
    op.create_table(
        "queue_pauses",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("queue_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "during",
            postgresql.TSTZRANGE(),
            nullable=False,
            comment="Without an upper bound, the queue is paused until further notice.",
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_pauses")),
        sa.ForeignKeyConstraint(
            ["queue_id"], ["queues.id"], name=op.f("fk_queue_pauses_queue_id"), ondelete="CASCADE"
        ),
        sa.CheckConstraint("NOT isempty(during)", name=op.f("ck_queue_pauses_during_not_empty")),
        postgresql.ExcludeConstraint(
            (sa.text("int8range(queue_id, queue_id, '[]')"), "="),
            ("during", "&&"),
            name=op.f("ex_queue_pauses_no_overlap"),
            using="gist",
        ),
        comment="Maintenance windows; those of one queue never overlap.",
    )
    op.create_index(op.f("ix_queue_pauses_queue_id"), "queue_pauses", ["queue_id"])


def downgrade() -> None:
    op.drop_table("queue_pauses")
    op.drop_table("schedules")
