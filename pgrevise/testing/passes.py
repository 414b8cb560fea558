"""Runs of Alembic over the project's history, up and down one place, and who watches them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pgrevise.history.listing import listing
from pgrevise.history.script import configuration, history_errors, open_history
from pgrevise.postgres.target import Target
from pgrevise.request import Applied, Request, Silent, Step, attach
from pgrevise.settings import Settings

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory


class DivergedError(Exception):
    """The catalog is not the expected one: the run is broken off."""


class Watcher(Silent):
    """Calls back after each revision that was committed, and before the very first one."""

    def __init__(
        self, then: Callable[[str], None], first: Callable[[], None] | None = None
    ) -> None:
        self._then = then
        self._first = first
        self.subjects: dict[str, str] = {}

    def started(self, step: Step) -> None:  # noqa: ARG002 - an observer's method
        """A revision begins; the version table is there."""
        if self._first is not None:
            self._first()
            self._first = None

    def finished(self, applied: Applied) -> None:
        """A revision is committed."""
        self.subjects[applied.revision] = applied.subject
        self._then(applied.revision)


class Passes:
    """One place, and Alembic going up and down there.

    Each run that does something loads the history anew, as a process of its own would.
    """

    def __init__(self, settings: Settings, target: Target, *, counted: bool = False) -> None:
        self.target = target
        self._settings = settings
        self._counted = counted

    def upgrade(
        self, observer: Silent, revision: str = "heads", *, fresh_sessions: bool = False
    ) -> None:
        """Go up; with ``fresh_sessions`` each revision is in a session of its own."""
        from alembic import command

        with history_errors():
            command.upgrade(self._config(observer, fresh_sessions), revision)

    def upgrade_twice(self, first: Silent, second: Silent, revision: str = "heads") -> None:
        """Go up, and at once up again, where nothing is left to do."""
        from alembic import command

        script = open_history(configuration(self._settings))
        with history_errors():
            for observer in (first, second):
                command.upgrade(self._config(observer, False, script), revision)

    def downgrade(self, observer: Silent, revision: str = "base") -> None:
        """Go down, by default to base."""
        from alembic import command

        with history_errors():
            command.downgrade(self._config(observer, False), revision)

    def climb(self, revisions: Sequence[str]) -> None:
        """Apply these revisions, which are the first ones of the history."""
        applied = set(revisions)
        parents = {entry.revision: entry.parents for entry in listing(self._settings)}
        inner = {parent for revision in applied for parent in parents[revision]}
        for revision in sorted(applied - inner):
            self.upgrade(Silent(), revision)

    def _config(
        self, observer: Silent, fresh_sessions: bool, script: ScriptDirectory | None = None
    ) -> Config:
        request = Request(
            target=self.target,
            settings=self._settings,
            observer=observer,
            script=script,
            fresh_sessions=fresh_sessions,
            counted=self._counted and not fresh_sessions,
        )
        return attach(configuration(self._settings), request)


class Undoing:
    """Where a way down is: how many revisions of the way up are still applied.

    Branches may be undone in another order than they were applied; in between, the place is in no
    state that it was in on the way up.
    """

    def __init__(self, order: Sequence[str], position: int | None = None) -> None:
        self.position = len(order) if position is None else position
        self._order = order
        self._undone: list[str] = []

    @property
    def next_revision(self) -> str:
        """The revision whose downgrade is next, as long as there are no branches."""
        return next(r for r in reversed(self._order[: self.position]) if r not in self._undone)

    def skip(self) -> None:
        """Go on below the revision that cannot be undone."""
        self.position = self._order.index(self.next_revision)

    def undo(self, revision: str) -> tuple[str, ...]:
        """Count a revision as undone.

        Returns what was undone since the last known state; nothing while in between.
        """
        self._undone.append(revision)
        group = tuple(self._undone)
        below = self.position - len(group)
        if set(self._order[below : self.position]) != set(group):
            return ()
        self.position = below
        self._undone.clear()
        return group
