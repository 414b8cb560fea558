"""Which database is at which revision: bringing the working one to where a revision begins.

The working database goes on from revision to revision as long as nothing is left behind. When
something is, it is made anew from a second one, ``clean``. That only ever goes up, several
revisions at a time and when it is needed, or is made like a working one in which nothing was left
behind. A third, ``start``, is kept where rehearsing began. While
a revision is tried with rows, ``aside`` is the working one and another has its place. What is
observed on the way is `rehearse`'s.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from pgrevise.catalog import Catalog
from pgrevise.catalog.tracking import Tracker
from pgrevise.errors import HistoryConflict
from pgrevise.rehearsal.protocol import Ran, Task
from pgrevise.rehearsal.workshop.workshop import Workshop

_MOST_TRIES = 20


class Ascent:
    """The databases of a rehearsal and how far each of them is.

    ``applied`` are the revisions in the working database, ``order`` those that were applied here,
    as they were; ``failed`` those that could not be, with the reason.
    """

    def __init__(self, workshop: Workshop) -> None:
        self.workshop = workshop
        self.history = workshop.history
        self.applied: set[str] = set()
        self.order: list[str] = []
        self.failed: dict[str, str] = {}
        self._databases = workshop.databases
        #: What the working database has and the clean one has not.
        self._ahead: list[str] = []
        self._tracking: AbstractContextManager[Tracker] | None = None
        self._tracker: Tracker | None = None

    def begin(self, revisions: int = 0) -> None:
        """Make the working database, run ``env.py`` once, and find out what the baseline has.

        ``revisions`` is how many are going to be rehearsed.
        Raises `HistoryConflict` when that is stamped with a revision of another history.
        """
        self.workshop.lay_out()
        self.workshop.configured(revisions)
        stamped = self.workshop.stamped()
        known = {node.revision.identifier for node in self.history.nodes}
        for identifier in stamped:
            if identifier not in known:
                raise HistoryConflict(
                    f"The baseline is stamped with revision {identifier}, which this checkout does "
                    "not have.",
                    "Dump a database that is at a revision of this checkout, or leave the table "
                    "alembic_version out of the dump.",
                )
        self.applied |= self.stamped()

    def keep_clean(self) -> None:
        """Keep this state of the working database, which is where rehearsing begins."""
        self._databases.rename("work", "clean")
        self._ahead.clear()
        self._databases.make("work", "clean")

    def stamped(self) -> frozenset[str]:
        """What the working database says is applied in it."""
        stamped = self.workshop.stamped()
        return self.history.ancestors(*stamped) | frozenset(stamped)

    def reach(self, identifier: str) -> str:
        """Apply what comes before a revision; returns why that cannot be, "" when it is done."""
        missing = self.history.ordered(self.history.ancestors(identifier) - self.applied)
        if missing and not self.failed.keys() & set(missing):
            self.leave_tracked()
            self.climb(missing)
        broken = [one for one in missing if one in self.failed]
        return f"{broken[0]}, which comes before it, could not be applied" if broken else ""

    def climb(self, revisions: tuple[str, ...]) -> None:
        """Apply revisions in one go, unobserved; those that fail, and what follows them, are left.

        The working database is made anew after a failure, which may have left something behind.
        """
        left = [one for one in revisions if not self._follows_failed(one)]
        for _ in range(_MOST_TRIES):
            if not left:
                return
            ran = self.workshop.run(Task(tuple(left)))
            if ran.passage.outcome == "done":
                for identifier in left:
                    self.count(identifier)
                return
            if not self.workshop.supplied(ran):
                self._note_failed(ran.stopped_at or left[0], ran)
                left = [one for one in left if not self._follows_failed(one)]
            self._from_nothing()
        for identifier in left:
            self.failed[identifier] = "too many revisions before it could not be applied"

    def count(self, identifier: str) -> None:
        """A revision is applied in the working database."""
        self.applied.add(identifier)
        self.order.append(identifier)
        self._ahead.append(identifier)

    def start_over(self) -> None:
        """A new working database, which has what the old one should have, and nothing else."""
        self.leave_tracked()
        self._databases.throw_away("work")
        self._renew()

    @contextmanager
    def at_parent(self) -> Iterator[bool]:
        """Where a revision that is not counted yet begins: there, anything may be done.

        The working database is put aside meanwhile, and is back afterwards as it was. False when
        what comes before the revision could be applied only once.
        """
        self.leave_tracked()
        self._databases.rename("work", "aside")
        try:
            yield self._renew()
        finally:
            if self._databases.has("work"):
                self._databases.throw_away("work")
            self._databases.rename("aside", "work")

    def keep_up(self) -> None:
        """Right after `at_parent`: let the clean database be as the working one is.

        That one has to be as if the last revision had only been applied. It saves bringing the
        clean one up when the next revision asks for it.
        """
        if self._databases.has("start"):
            self._databases.throw_away("clean")
        else:
            self._databases.rename("clean", "start")
        self._databases.make("clean", "work")
        self._ahead.clear()

    def at_parent_again(self) -> None:
        """Within `at_parent`, another database where the revision begins."""
        self._databases.remove("work")
        self._databases.make("work", "clean")

    def _renew(self) -> bool:
        """Make the working database, which is not there, after bringing the clean one up.

        False when something could not be applied again.
        """
        is_whole = True
        if self._ahead:
            if not self._databases.has("start"):
                self._databases.make("start", "clean")
            self._databases.rename("clean", "work")
            is_whole = self._bring_up(self._ahead)
            self._databases.rename("work", "clean")
            self._ahead.clear()
        self._databases.make("work", "clean")
        return is_whole

    def at_once(self, revisions: tuple[str, ...]) -> Ran:
        """Apply revisions in one run where rehearsing began. Nothing can be done after it."""
        self.leave_tracked()
        self._databases.throw_away("work")
        self._databases.rename("start" if self._databases.has("start") else "clean", "work")
        return self.workshop.run(Task(revisions))

    def catalog(self) -> Catalog:
        """The catalog as of the last look."""
        return self._tracked().catalog()

    def look(self) -> Catalog:
        """The catalog as it is now."""
        tracker = self._tracked()
        tracker.update()
        return tracker.catalog()

    def leave_tracked(self) -> None:
        """Close the connection that reads the catalog."""
        if self._tracking is not None:
            self._tracking.__exit__(None, None, None)
        self._tracking = self._tracker = None

    def _tracked(self) -> Tracker:
        if self._tracker is None:
            self._tracking = self.workshop.tracked()
            self._tracker = self._tracking.__enter__()
        return self._tracker

    def _follows_failed(self, identifier: str) -> bool:
        return identifier in self.failed or bool(
            self.history.ancestors(identifier) & self.failed.keys()
        )

    def _note_failed(self, identifier: str, ran: Ran) -> None:
        self.failed[identifier] = ran.passage.error
        self.workshop.notes.append(
            f"Revision {identifier}, which comes before those that were asked for, could not be "
            f"applied: {ran.passage.error}."
        )

    def _from_nothing(self) -> None:
        """The working database as it was before the climb that failed."""
        self.leave_tracked()
        self._databases.throw_away("work")
        if self._databases.has("clean"):
            self._databases.make("work", "clean")
        else:
            self.workshop.lay_out()
        if self._ahead:
            self.workshop.run(Task(tuple(self._ahead)))

    def _bring_up(self, revisions: list[str]) -> bool:
        """Apply what worked before; one by one when it does not work in one go.

        False when some of it does not work any more.
        """
        if self.workshop.run(Task(tuple(revisions))).passage.outcome == "done":
            return True
        stamped = self.stamped()
        for identifier in revisions:
            if identifier in stamped:
                continue
            ran = self.workshop.run(Task((identifier,)))
            if ran.passage.outcome != "done":
                self.failed[identifier] = ran.passage.error
                self.applied.discard(identifier)
        return not self.failed.keys() & set(revisions)
