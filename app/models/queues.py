"""Queues, and the maintenance windows during which nothing is taken from them."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import CheckConstraint, ForeignKey, Identity, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class Queue(Base):
    """A named line of jobs."""

    __tablename__ = "queues"
    __table_args__ = (
        UniqueConstraint("name"),
        CheckConstraint("name ~ '^[a-z][a-z0-9_.-]*$'", name="name_format"),
        CheckConstraint("retry_delay > interval '0'", name="retry_delay_positive"),
        {"comment": "Named lines of jobs."},
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    name: Mapped[str]
    retry_delay: Mapped[timedelta] = mapped_column(
        server_default=text("'00:00:10'::interval"),
        comment="Wait before the first retry; it doubles with every further one.",
    )
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class QueuePause(Base):
    """A maintenance window: while it lasts, no job of the queue is claimed."""

    __tablename__ = "queue_pauses"
    __table_args__ = (
        CheckConstraint("NOT isempty(during)", name="during_not_empty"),
        # A range of one id instead of btree_gist: extensions belong to the database, not to the
        # schema, and this table must work in any schema.
        ExcludeConstraint(
            (text("int8range(queue_id, queue_id, '[]')"), "="),
            ("during", "&&"),
            name="ex_queue_pauses_no_overlap",
            using="gist",
        ),
        {"comment": "Maintenance windows; those of one queue never overlap."},
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    queue_id: Mapped[int] = mapped_column(ForeignKey("queues.id", ondelete="CASCADE"), index=True)
    during: Mapped[Range[datetime]] = mapped_column(
        TSTZRANGE, comment="Without an upper bound, the queue is paused until further notice."
    )
    reason: Mapped[str]
