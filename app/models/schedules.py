"""Schedules: jobs that are queued again and again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class Schedule(Base):
    """A job that is queued at a fixed interval."""

    __tablename__ = "schedules"
    __table_args__ = (
        UniqueConstraint("name"),
        # Deferred, so that one transaction may swap two positions.
        UniqueConstraint("queue_id", "position", deferrable=True, initially="DEFERRED"),
        CheckConstraint("every > interval '0'", name="every_positive"),
        Index(None, "next_run_at", postgresql_where=text("enabled")),
        {"comment": "Jobs that are queued again and again."},
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    queue_id: Mapped[int] = mapped_column(ForeignKey("queues.id", ondelete="CASCADE"))
    name: Mapped[str]
    position: Mapped[int] = mapped_column(
        Integer, comment="Order among the schedules of a queue that are due at once."
    )
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    every: Mapped[timedelta]
    next_run_at: Mapped[datetime] = mapped_column(server_default=func.now())
    enabled: Mapped[bool] = mapped_column(server_default=text("true"))
