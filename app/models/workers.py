"""Workers: the processes that take jobs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Identity, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class Worker(Base):
    """A process that takes jobs, known by a name that outlives its restarts."""

    __tablename__ = "workers"
    __table_args__ = (
        UniqueConstraint("name"),
        {"comment": "Processes that take jobs."},
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    name: Mapped[str]
    labels: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    started_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_seen_at: Mapped[datetime] = mapped_column(server_default=func.now())
