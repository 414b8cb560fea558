"""Attempts: each time a worker took a job, and how it ended."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    Identity,
    Integer,
    UniqueConstraint,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, native_enum


class AttemptOutcome(StrEnum):
    """How an attempt ended; `lost` means that its worker fell silent."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    LOST = "lost"


class Attempt(Base):
    """One try at a job; unfinished while it has no outcome."""

    __tablename__ = "attempts"
    __table_args__ = (
        UniqueConstraint("job_id", "number"),
        CheckConstraint("number > 0", name="number_positive"),
        CheckConstraint("(outcome IS NULL) = (finished_at IS NULL)", name="outcome_when_finished"),
        CheckConstraint("finished_at >= started_at", name="finished_after_start"),
        {"comment": "Each time a worker took a job."},
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("queue_jobs.id", ondelete="CASCADE"))
    worker_id: Mapped[int | None] = mapped_column(
        ForeignKey("workers.id", ondelete="SET NULL"), index=True
    )
    number: Mapped[int] = mapped_column(Integer, comment="1 for the first try at the job.")
    outcome: Mapped[AttemptOutcome | None] = mapped_column(
        native_enum(AttemptOutcome, "attempt_outcome")
    )
    error: Mapped[str | None]
    started_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None]
    duration: Mapped[timedelta | None] = mapped_column(
        Computed("finished_at - started_at", persisted=True)
    )
