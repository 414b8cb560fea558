"""The walk over a history in which nothing is wrong, at little more than what Alembic takes.

Up, down and up again in one place. On the way up each state of the catalog is kept without being
read (`pgrevise.catalog.moments`), and on the way down recognised. One that is not recognised, such
as after a column was dropped and made again, is read, and so is the same one on the second way up:
since that begins and ends as the first did, it is what the downgrade had to give. The catalog is
read whole twice, at head.

A `Part` of a history goes up from base all the same, but not all the way up or not all the way down
again: `pgrevise.testing.shared` has two parts walked over at the same time.

Whatever is not as it should be ends it, and `pgrevise.testing.careful` begins anew: it finds out
what is wrong, and with which revision.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import Any

import psycopg

from pgrevise.catalog import Catalog, read, read_database
from pgrevise.catalog.moments import Moments
from pgrevise.catalog.tracking import Tracker
from pgrevise.errors import ReviseError
from pgrevise.history.state import VERSION_TABLE
from pgrevise.postgres.connect import connect
from pgrevise.postgres.target import Target
from pgrevise.settings import Settings
from pgrevise.startup import collecting_seldom
from pgrevise.testing.passes import DivergedError, Passes, Undoing, Watcher
from pgrevise.testing.results import Walk

_VERSION_TABLE = frozenset([("table", VERSION_TABLE)])


@dataclass(frozen=True)
class Part:
    """How far up a walk goes, and how far down again: to ``bottom``, which has ``below`` of them.

    ``below`` counts the revisions that are applied at ``bottom``, itself included.
    """

    top: str = "heads"
    bottom: str = "base"
    below: int = 0


def quick_walk(
    settings: Settings, empty: Callable[[], Target], part: Part | None = None
) -> Walk | None:
    """Walk over the history in an empty place; None when something is wrong with it.

    ``empty`` gives an empty database, another one each time, or a schema that it empties.
    """
    with ExitStack() as stack, collecting_seldom():
        try:
            return _QuickWalk(settings, empty, stack, part or Part()).run()
        except (DivergedError, ReviseError):
            return None


class _QuickWalk:
    def __init__(
        self, settings: Settings, empty: Callable[[], Target], stack: ExitStack, part: Part
    ) -> None:
        self._part = part
        self._empty = empty
        self._target = empty()
        self._stack = stack
        self._passes = Passes(settings, self._target, counted=True)
        self._connection = stack.enter_context(closing(connect(self._target)))
        self._moments = Moments(self._connection, VERSION_TABLE)
        self._tracker: Tracker | None = None
        self._order: list[str] = []
        # What was read on the way down, by the number of revisions applied.
        self._read: dict[int, Catalog] = {}

    def run(self) -> Walk:
        """Go all the way; raises DivergedError as soon as something is not as it should be."""
        base = self._picture(self._connection) if self._target.schema else None
        subjects = self._up()
        head = self._picture(self._connection)
        self._up_again(self._down(base))
        _require(self._picture(self._connection) == head)
        return Walk(order=self._order, subjects=subjects, head=head)

    def _up(self) -> dict[str, str]:
        """Up, and a second time, when there is nothing left to do."""
        repeated: list[str] = []

        def finished(revision: str) -> None:
            self._order.append(revision)
            self._moments.keep()

        watcher = Watcher(finished, first=self._moments.keep)
        self._passes.upgrade_twice(watcher, Watcher(repeated.append), self._part.top)
        if not self._order:
            self._moments.keep()
        _require(not repeated and self._moments.is_back(len(self._order)))
        return watcher.subjects

    def _down(self, base: Catalog | None) -> int:
        """Down to the bottom; how many revisions are still applied there.

        ``base`` None is that of another empty database. Only at base it is known what a state has
        to be that is not recognised: where the bottom is not, the way goes on.
        """
        undoing = Undoing(self._order)

        def finished(revision: str) -> None:
            if undoing.undo(revision) and not self._moments.is_back(undoing.position):
                self._read[undoing.position] = self._look()

        self._passes.downgrade(Watcher(finished), self._part.bottom)
        _require(undoing.position == self._part.below)
        if undoing.position and undoing.position in self._read:
            self._passes.downgrade(Watcher(finished))
            _require(undoing.position == 0)
        if 0 in self._read:
            if base is None:
                with connect(self._empty()) as connection:
                    base = self._picture(connection)
            _require(self._read[0] == base)
        return undoing.position

    def _up_again(self, applied: int) -> None:
        """Up from where so many are applied."""
        again: list[str] = []

        def finished(revision: str) -> None:
            again.append(revision)
            seen = self._read.get(applied + len(again))
            _require(seen is None or self._look() == seen)

        self._passes.upgrade(Watcher(finished), self._part.top, fresh_sessions=True)
        _require(again == self._order[applied:])

    def _look(self) -> Catalog:
        """What the place holds now, read only as far as it changed since the last look."""
        if self._tracker is None:
            connection = self._stack.enter_context(closing(connect(self._target)))
            schemas = [self._target.schema] if self._target.schema else []
            self._tracker = Tracker(connection, schemas, leave_out=_VERSION_TABLE)
        else:
            self._tracker.update()
        return self._tracker.catalog()

    def _picture(self, connection: psycopg.Connection[Any]) -> Catalog:
        if self._target.schema is None:
            return read_database(connection, leave_out=_VERSION_TABLE)
        return read(connection, [self._target.schema], leave_out=_VERSION_TABLE)


def _require(is_right: bool) -> None:
    if not is_right:
        raise DivergedError
