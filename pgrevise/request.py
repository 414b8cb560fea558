"""What a command asks of a project's ``env.py``, and what it learns from it.

Alembic runs ``env.py`` for us; the `Request` travels there in ``Config.attributes``. Plain
``alembic`` commands carry none, and `pgrevise.environment` then finds everything out by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from sqlalchemy import MetaData

    from pgrevise.postgres.target import Target
    from pgrevise.settings import Settings

KEY = "pgrevise"

Direction = Literal["upgrade", "downgrade", "stamp"]


@dataclass(frozen=True)
class Step:
    """One revision that is about to be applied: its place among ``total`` counts from 1."""

    revision: str
    subject: str
    direction: Direction
    place: int
    total: int


@dataclass(frozen=True)
class Applied:
    """One revision that was applied and committed, in ``seconds``, at the ``attempts``-th try."""

    revision: str
    subject: str
    direction: Direction
    seconds: float
    attempts: int


class Observer(Protocol):
    """Somebody who is told how a run goes, while it goes."""

    def waiting(self, seconds: float, holder: str) -> None:
        """Another runner has the lock; we have waited ``seconds`` so far."""

    def started(self, step: Step) -> None:
        """A revision begins."""

    def finished(self, applied: Applied) -> None:
        """A revision is committed."""

    def retrying(self, step: Step, reason: str, delay: float) -> None:
        """A revision was rolled back and is tried again after ``delay`` seconds."""

    def note(self, sentence: str) -> None:
        """Something worth knowing happened."""


class Silent:
    """The observer that says nothing."""

    def waiting(self, seconds: float, holder: str) -> None:
        """Say nothing."""

    def started(self, step: Step) -> None:
        """Say nothing."""

    def finished(self, applied: Applied) -> None:
        """Say nothing."""

    def retrying(self, step: Step, reason: str, delay: float) -> None:
        """Say nothing."""

    def note(self, sentence: str) -> None:
        """Say nothing."""


@dataclass
class Request:
    """What the caller wants of ``env.py``; the last two fields are its answers.

    ``target`` is the database, already found, and ``settings`` the project's, already read. With
    ``metadata_only`` nothing is connected to: ``env.py`` only hands over its metadata.
    ``empty_revision`` lets a new revision have no operations, ``as_sql`` writes them as plain SQL.
    With ``fresh_sessions`` each revision begins as if its session had just been opened; with
    ``counted`` the version table is there before the first one, and the server's counters of rows
    tell of each when the observer is told. ``script`` is the history, when the caller has loaded
    every file of it already.
    """

    target: Target | None = None
    settings: Settings | None = None
    observer: Observer = field(default_factory=Silent)
    metadata_only: bool = False
    empty_revision: bool = True
    as_sql: bool = False
    fresh_sessions: bool = False
    counted: bool = False
    script: ScriptDirectory | None = None
    metadata: MetaData | Sequence[MetaData] | None = None
    applied: list[Applied] = field(default_factory=list)


def attach(config: Config, request: Request) -> Config:
    """Let ``config`` carry ``request`` to ``env.py``; returns ``config``."""
    config.attributes[KEY] = request
    return config


def attached(config: Config) -> Request | None:
    """The request that ``config`` carries, if a command of the toolkit made it."""
    request = config.attributes.get(KEY)
    return request if isinstance(request, Request) else None
