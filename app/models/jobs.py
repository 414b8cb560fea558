"""Queue jobs, their states, and the trigger that tells listeners about new work."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Connection,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Table,
    event,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, native_enum


class JobStatus(StrEnum):
    """Where a job is in its life; the last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class QueueJob(Base):
    """A piece of work: what to do, when, and who holds it."""

    __tablename__ = "queue_jobs"
    __table_args__ = (
        CheckConstraint(
            "(status IN ('queued', 'running')) = (finished_at IS NULL)", name="finished_at_final"
        ),
        CheckConstraint("max_attempts > 0", name="max_attempts_positive"),
        CheckConstraint("attempt_count BETWEEN 0 AND max_attempts", name="attempt_count_bounded"),
        CheckConstraint("timeout > interval '0'", name="timeout_positive"),
        Index(
            "ix_queue_jobs_payload",
            "payload",
            postgresql_using="gin",
            postgresql_ops={"payload": "jsonb_path_ops"},
        ),
        Index(
            None,
            "queue_id",
            "dedupe_key",
            unique=True,
            postgresql_where=text("dedupe_key IS NOT NULL AND finished_at IS NULL"),
        ),
        Index(None, "worker_id", postgresql_where=text("worker_id IS NOT NULL")),
        Index(None, "heartbeat_at", postgresql_where=text("status = 'running'")),
        # The claim query reads this one in its order and stops at the first free row.
        Index(
            "ix_queue_jobs_queue_id_priority_run_at_id",
            "queue_id",
            text("priority DESC"),
            "run_at",
            "id",
            postgresql_where=text("status = 'queued'"),
        ),
        {"comment": "Work to be done, being done, and done."},
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    queue_id: Mapped[int] = mapped_column(ForeignKey("queues.id"))
    kind: Mapped[str] = mapped_column(comment="Names the handler that does the work.")
    payload: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    status: Mapped[JobStatus] = mapped_column(
        native_enum(JobStatus, "job_status"), server_default=text("'queued'::job_status")
    )
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None]
    priority: Mapped[int] = mapped_column(
        SmallInteger, server_default=text("0"), comment="Higher goes first."
    )
    run_at: Mapped[datetime] = mapped_column(
        server_default=func.now(), comment="Not claimed before this time."
    )
    max_attempts: Mapped[int] = mapped_column(Integer, server_default=text("5"))
    attempt_count: Mapped[int] = mapped_column(
        Integer, server_default=text("0"), comment="Attempts begun so far."
    )
    dedupe_key: Mapped[str | None] = mapped_column(
        comment="At most one unfinished job of a queue has a given key."
    )
    worker_id: Mapped[int | None] = mapped_column(
        ForeignKey("workers.id", ondelete="SET NULL"), comment="The worker that holds the job."
    )
    heartbeat_at: Mapped[datetime | None] = mapped_column(
        comment="When the holder was last heard of."
    )
    timeout: Mapped[timedelta] = mapped_column(
        server_default=text("'00:05:00'::interval"),
        comment="Silence after which the holder counts as lost.",
    )


# The history holds its own copies of these texts, and both must stay the very same: PostgreSQL
# keeps a function's body as it was written.
CREATE_NOTIFY_FUNCTION = """\
CREATE FUNCTION queue_jobs_notify() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    -- A hint, not a message: whoever listens asks the table. Equal hints of one
    -- transaction are delivered once.
    PERFORM pg_notify('queue_jobs', NEW.queue_id::text);
    RETURN NULL;
END
$function$"""

CREATE_NOTIFY_TRIGGER = """\
CREATE TRIGGER queue_jobs_notify
AFTER INSERT OR UPDATE OF status ON queue_jobs
FOR EACH ROW WHEN (NEW.status = 'queued')
EXECUTE FUNCTION queue_jobs_notify()"""

_AFTER_CREATE = (
    CREATE_NOTIFY_FUNCTION,
    "COMMENT ON FUNCTION queue_jobs_notify() IS 'Tells listeners which queue has new work.'",
    CREATE_NOTIFY_TRIGGER,
    "COMMENT ON TRIGGER queue_jobs_notify ON queue_jobs IS"
    " 'Fires for jobs that are queued, and queued again.'",
)


@event.listens_for(QueueJob.__table__, "after_create")
def create_notify_trigger(_table: Table, connection: Connection, **_options: Any) -> None:
    """Create the trigger and its function with their table."""
    for statement in _AFTER_CREATE:
        connection.exec_driver_sql(statement)


@event.listens_for(QueueJob.__table__, "after_drop")
def drop_notify_function(_table: Table, connection: Connection, **_options: Any) -> None:
    """Drop the function, which its table's trigger leaves behind."""
    connection.exec_driver_sql("DROP FUNCTION IF EXISTS queue_jobs_notify()")
