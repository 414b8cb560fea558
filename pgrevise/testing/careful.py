"""The walk over a history in which something is wrong: what it is, and with which revision.

After each revision the catalog is read by `pgrevise.catalog.tracking`, at the cost of what the
revision changed. A downgrade that is wrong is passed over in a new place, so that it does not hide
older ones. When the second way up differs from the first, two more runs tell whether it was going
one by one or having been down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager

from pgrevise.catalog import Catalog, Change, Entry, diff
from pgrevise.catalog.model import Address
from pgrevise.catalog.tracking import Delta, Tracker
from pgrevise.errors import PartialRun, ReviseError, ServerUnsupported
from pgrevise.history.state import VERSION_TABLE
from pgrevise.postgres.connect import connect
from pgrevise.postgres.target import Target
from pgrevise.request import Silent
from pgrevise.settings import Settings
from pgrevise.testing.passes import DivergedError, Passes, Undoing, Watcher
from pgrevise.testing.results import Walk, Wrong

#: After so many revisions whose downgrade is wrong the older ones are not looked at.
MOST_BROKEN = 10

Entries = dict[Address, Entry]
#: Gives an empty database or schema, another one or the same emptied.
Empty = Callable[[], Target]


def careful_walk(settings: Settings, empty: Empty) -> Walk:
    """Walk over the history, looking at everything on the way."""
    return _CarefulWalk(settings, empty).run()


class _CarefulWalk:
    def __init__(self, settings: Settings, empty: Empty) -> None:
        self.settings = settings
        self.empty = empty
        self.seen = Walk()
        self.base = Catalog((), 0, ())
        self.deltas: list[Delta] = []

    def run(self) -> Walk:
        with self._on_an_empty_place() as (passes, tracker):
            self.base = tracker.catalog()
            if not self._first_way_up(passes, tracker):
                return self.seen
            self._second_upgrade(passes, tracker)
            clean = self._way_down(passes, tracker)
            if clean:
                self.seen.leftovers = diff(self.base, tracker.catalog())
                again = self._up_again(passes, tracker, fresh_sessions=True)
                if again:
                    self._tell_apart(again)
        if not clean:
            self.seen.one_by_one = self._one_by_one()
        return self.seen

    def _first_way_up(self, passes: Passes, tracker: Tracker) -> bool:
        def finished(revision: str) -> None:
            self.seen.order.append(revision)
            self.deltas.append(tracker.update())

        watcher = Watcher(finished)
        try:
            passes.upgrade(watcher)
        except ReviseError as error:
            self.seen.stopped = str(error)
            return False
        mistaken = tracker.verify()
        if mistaken:
            raise ServerUnsupported(
                f"{len(mistaken)} objects are not what was seen of them step by step, such as "
                f"{' '.join(min(mistaken))}.",
                "Something else changes this database, or it is a mistake of pgrevise: report it.",
            )
        self.seen.subjects = watcher.subjects
        self.seen.head = tracker.catalog()
        return True

    def _second_upgrade(self, passes: Passes, tracker: Tracker) -> None:
        applied: list[str] = []
        passes.upgrade(Watcher(applied.append))
        before = tracker.catalog()
        if tracker.update():
            self.seen.repeat_changes = diff(before, tracker.catalog())
        self.seen.repeated = tuple(applied)

    def _way_down(self, passes: Passes, tracker: Tracker) -> bool:
        """Downgrade to base; a revision that is wrong is passed over in a new place.

        True when the place is the one we began in: nothing was wrong.
        """
        descent = _Descent(self.seen.order, self.deltas, tracker)
        if not self._descend(passes, descent):
            return True
        while descent.position and len(self.seen.downgrades) < MOST_BROKEN:
            with self._on_an_empty_place() as (others, other):
                descent = _Descent(self.seen.order, self.deltas, other, descent.position)
                others.climb(self.seen.order[: descent.position])
                other.update()
                self._descend(others, descent)
                if not descent.position:
                    self.seen.leftovers = diff(self.base, other.catalog())
        self.seen.looked_at_all = not descent.position
        return False

    def _descend(self, passes: Passes, descent: _Descent) -> bool:
        """Downgrade until something is wrong; False when nothing was."""
        wrong: Wrong | None = None
        try:
            passes.downgrade(Watcher(descent.finished))
        except DivergedError:
            wrong = Wrong(descent.blamed, tuple(descent.changes))
        except ReviseError as error:
            failed = descent.next_revision
            wrong = Wrong((failed,), error=_own_words(error))
            descent.skip()
        if wrong is not None:
            self.seen.downgrades.append(wrong)
        return wrong is not None

    def _one_by_one(self) -> list[Wrong]:
        """Up in a new place, each revision in a session of its own."""
        with self._on_an_empty_place() as (passes, tracker):
            return self._up_again(passes, tracker, fresh_sessions=True)

    def _up_again(self, passes: Passes, tracker: Tracker, *, fresh_sessions: bool) -> list[Wrong]:
        """Upgrade and compare with the first way up; stops at the first revision that differs."""
        expected = dict(tracker.entries)
        deltas = iter(self.deltas)
        changes: list[Change] = []
        at: list[str] = []

        def finished(revision: str) -> None:
            delta = next(deltas)
            at.append(revision)
            for address, (_, now) in delta.items():
                _put(expected, address, now)
            # Equal before, so that only what one of the two changed can differ.
            moved = delta.keys() | tracker.update().keys()
            if any(expected.get(a) != tracker.entries.get(a) for a in moved):
                changes.extend(diff(tracker.as_catalog(expected), tracker.catalog()))
                raise DivergedError

        try:
            passes.upgrade(Watcher(finished), fresh_sessions=fresh_sessions)
        except DivergedError:
            return [Wrong((at[-1],), tuple(changes))]
        except ReviseError as error:
            return [Wrong((self.seen.order[len(at)],), error=_own_words(error))]
        return []

    def _tell_apart(self, seen: list[Wrong]) -> None:
        """Which of the two makes the difference: going one by one, or having been down."""
        self.seen.one_by_one = self._one_by_one()
        with self._on_an_empty_place() as (passes, tracker):
            passes.upgrade(Silent())
            passes.downgrade(Silent())
            tracker.update()
            self.seen.again = self._up_again(passes, tracker, fresh_sessions=False)
        if not self.seen.one_by_one and not self.seen.again:
            self.seen.again = seen  # it takes both

    @contextmanager
    def _on_an_empty_place(self) -> Iterator[tuple[Passes, Tracker]]:
        target = self.empty()
        schemas = [target.schema] if target.schema else []
        with closing(connect(target)) as connection:
            version_table = frozenset([("table", VERSION_TABLE)])
            yield (
                Passes(self.settings, target),
                Tracker(connection, schemas, leave_out=version_table),
            )


class _Descent(Undoing):
    """A way down, and what the catalog should be there."""

    def __init__(
        self,
        order: Sequence[str],
        deltas: Sequence[Delta],
        tracker: Tracker,
        position: int | None = None,
    ) -> None:
        super().__init__(order, position)
        self.changes: list[Change] = []
        self.blamed: tuple[str, ...] = ()
        self._deltas = deltas
        self._tracker = tracker
        self._expected: Entries = dict(tracker.entries)
        # A place that is given a position is empty yet, and about to be brought there.
        for delta in deltas[: position or 0]:
            for address, (_, now) in delta.items():
                _put(self._expected, address, now)

    def finished(self, revision: str) -> None:
        """A downgrade is committed: compare, where the revisions undone are the newest ones."""
        before = self.position
        group = self.undo(revision)
        if not group:
            return
        for delta in reversed(self._deltas[self.position : before]):
            for address, (was, _) in delta.items():
                _put(self._expected, address, was)
        self._tracker.update()
        if self._tracker.entries != self._expected:
            wanted = self._tracker.as_catalog(self._expected)
            self.changes, self.blamed = diff(wanted, self._tracker.catalog()), group
            raise DivergedError


def _put(entries: Entries, address: Address, entry: Entry | None) -> None:
    if entry is None:
        entries.pop(address, None)
    else:
        entries[address] = entry


def _own_words(error: ReviseError) -> str:
    """What went wrong, without the list of what was applied before."""
    cause = error.__cause__
    if isinstance(error, PartialRun):
        return error.sentence.partition(" Applied before it:")[0]
    return str(getattr(cause, "sentence", "") or error.sentence)
