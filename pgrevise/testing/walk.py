"""The whole history on an empty database: up to head, down to base, and up again.

Each of the three is one run of Alembic, so that its environment and the revision files are loaded
three times and not once for each revision. After each revision the catalog is looked at by
`pgrevise.catalog.tracking`, at the cost of what the revision changed. Nothing is judged here; what
the results mean is said by `pgrevise.migration_tests`.

The second way up takes every revision as in a session of its own, so that it shows what going one
by one gives, and what a downgrade left behind unseen. When it differs from the first, two more runs
tell which of the two it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pgrevise.catalog import Catalog, Change, Entry, diff
from pgrevise.catalog.model import Address
from pgrevise.catalog.tracking import Delta, Prints, Tracker
from pgrevise.errors import PartialRun, ReviseError, ServerUnsupported
from pgrevise.history.script import configuration, history_errors
from pgrevise.history.state import VERSION_TABLE
from pgrevise.postgres.connect import connect
from pgrevise.postgres.target import Target
from pgrevise.request import Applied, Request, Silent, attach
from pgrevise.settings import Settings

if TYPE_CHECKING:
    from alembic.config import Config

#: After so many revisions whose downgrade is wrong the older ones are not looked at.
MOST_BROKEN = 10

Entries = dict[Address, Entry]
#: Gives an empty database or schema, another one or the same emptied.
Empty = Callable[[], Target]


@dataclass(frozen=True)
class Wrong:
    """What is wrong with one revision: differences of the catalog, or the words of an error.

    ``revisions`` has more than one where branches do not let them be told apart.
    """

    revisions: tuple[str, ...]
    changes: tuple[Change, ...] = ()
    error: str = ""


@dataclass
class Walk:
    """What was seen on the way; empty lists where everything was as it should be.

    ``stopped`` says why the first way up did not reach head, and then nothing else was looked at.
    ``looked_at_all`` is False when so many downgrades are wrong that older ones were left out.
    """

    order: list[str] = field(default_factory=list)
    subjects: dict[str, str] = field(default_factory=dict)
    stopped: str = ""
    base: Catalog | None = None
    head: Catalog | None = None
    repeated: tuple[str, ...] = ()
    repeat_changes: list[Change] = field(default_factory=list)
    downgrades: list[Wrong] = field(default_factory=list)
    looked_at_all: bool = True
    leftovers: list[Change] = field(default_factory=list)
    again: list[Wrong] = field(default_factory=list)
    one_by_one: list[Wrong] = field(default_factory=list)


def walk(settings: Settings, empty: Empty) -> Walk:
    """Go up, down and up again. The catalogs are those of the schemas of the target."""
    return _Walker(settings, empty).run()


class _DivergedError(Exception):
    """The catalog is not the expected one: the run is broken off."""


class _Watcher(Silent):
    """Calls back after each revision that was committed."""

    def __init__(self, then: Callable[[str], None]) -> None:
        self._then = then
        self.subjects: dict[str, str] = {}

    def finished(self, applied: Applied) -> None:
        """A revision is committed."""
        self.subjects[applied.revision] = applied.subject
        self._then(applied.revision)


class _Walker:
    def __init__(self, settings: Settings, empty: Empty) -> None:
        self.settings = settings
        self.empty = empty
        self.seen = Walk()
        self.deltas: list[Delta] = []
        self.prints: list[Prints] = []
        self.target: Target

    def run(self) -> Walk:
        with self._on_an_empty_place() as tracker:
            self.seen.base = tracker.catalog()
            if not self._first_way_up(tracker):
                return self.seen
            self._second_upgrade(tracker)
            clean = self._way_down(tracker)
            if clean:
                self.seen.leftovers = diff(self.seen.base, tracker.catalog())
                again = self._up_again(tracker, fresh_sessions=True)
                if again:
                    self._tell_apart(again)
        if not clean:
            self.seen.one_by_one = self._one_by_one()
        return self.seen

    def _first_way_up(self, tracker: Tracker) -> bool:
        def finished(revision: str) -> None:
            self.seen.order.append(revision)
            self.prints.append(tracker.prints)
            self.deltas.append(tracker.update())

        watcher = _Watcher(finished)
        try:
            self._upgrade(watcher)
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

    def _second_upgrade(self, tracker: Tracker) -> None:
        applied: list[str] = []
        self._upgrade(_Watcher(applied.append))
        before = tracker.catalog()
        if tracker.update():
            self.seen.repeat_changes = diff(before, tracker.catalog())
        self.seen.repeated = tuple(applied)

    def _way_down(self, tracker: Tracker) -> bool:
        """Downgrade to base; a revision that is wrong is passed over in a new place.

        True when the place is the one we began in: nothing was wrong.
        """
        descent = _Descent(self.seen.order, self.deltas, self.prints, tracker)
        if not self._descend(descent):
            return True
        while descent.position and len(self.seen.downgrades) < MOST_BROKEN:
            with self._on_an_empty_place() as other:
                descent = _Descent(
                    self.seen.order, self.deltas, self.prints, other, descent.position
                )
                self._climb(descent.position)
                other.update()
                self._descend(descent)
                if not descent.position:
                    self.seen.leftovers = diff(_known(self.seen.base), other.catalog())
        self.seen.looked_at_all = not descent.position
        return False

    def _descend(self, descent: _Descent) -> bool:
        """Downgrade until something is wrong; False when nothing was."""
        wrong: Wrong | None = None
        try:
            self._downgrade("base", _Watcher(descent.finished))
        except _DivergedError:
            wrong = Wrong(descent.blamed, tuple(descent.changes))
        except ReviseError as error:
            failed = descent.next_revision
            wrong = Wrong((failed,), error=_own_words(error))
            descent.skip()
        if wrong is not None:
            self.seen.downgrades.append(wrong)
        return wrong is not None

    def _climb(self, count: int) -> None:
        """Bring an empty place to where the first ``count`` revisions are applied."""
        applied = set(self.seen.order[:count])
        parents = _parents(self.settings)
        inner = {parent for revision in applied for parent in parents[revision]}
        for revision in sorted(applied - inner):
            self._upgrade(Silent(), revision)

    def _one_by_one(self) -> list[Wrong]:
        """Up in a new place, each revision in a session of its own."""
        with self._on_an_empty_place() as tracker:
            return self._up_again(tracker, fresh_sessions=True)

    def _up_again(self, tracker: Tracker, *, fresh_sessions: bool) -> list[Wrong]:
        """Upgrade and compare with the first way up; stops at the first revision that differs."""
        expected = dict(tracker.entries)
        deltas = iter(zip(self.seen.order, self.deltas, strict=True))
        changes: list[Change] = []
        at: list[str] = []

        def finished(revision: str) -> None:
            _, delta = next(deltas)
            at.append(revision)
            for address, (_, now) in delta.items():
                _put(expected, address, now)
            # Equal before, so that only what one of the two changed can differ.
            moved = delta.keys() | tracker.update(printed=False).keys()
            if any(expected.get(a) != tracker.entries.get(a) for a in moved):
                changes.extend(diff(tracker.as_catalog(expected), tracker.catalog()))
                raise _DivergedError

        try:
            self._upgrade(_Watcher(finished), fresh_sessions=fresh_sessions)
        except _DivergedError:
            return [Wrong((at[-1],), tuple(changes))]
        except ReviseError as error:
            return [Wrong((self.seen.order[len(at)],), error=_own_words(error))]
        return []

    def _tell_apart(self, seen: list[Wrong]) -> None:
        """Which of the two makes the difference: going one by one, or having been down."""
        self.seen.one_by_one = self._one_by_one()
        with self._on_an_empty_place() as tracker:
            self._upgrade(Silent())
            self._downgrade("base", Silent())
            tracker.update()
            self.seen.again = self._up_again(tracker, fresh_sessions=False)
        if not self.seen.one_by_one and not self.seen.again:
            self.seen.again = seen  # it takes both

    def _upgrade(
        self, observer: Silent, revision: str = "heads", *, fresh_sessions: bool = False
    ) -> None:
        from alembic import command

        with history_errors():
            command.upgrade(self._config(observer, fresh_sessions=fresh_sessions), revision)

    def _downgrade(self, revision: str, observer: Silent) -> None:
        from alembic import command

        with history_errors():
            command.downgrade(self._config(observer), revision)

    def _config(self, observer: Silent, *, fresh_sessions: bool = False) -> Config:
        request = Request(
            target=self.target,
            settings=self.settings,
            observer=observer,
            fresh_sessions=fresh_sessions,
        )
        return attach(configuration(self.settings), request)

    @contextmanager
    def _on_an_empty_place(self) -> Iterator[Tracker]:
        self.target = self.empty()
        schemas = [self.target.schema] if self.target.schema else []
        with closing(connect(self.target)) as connection:
            version_table = frozenset([("table", VERSION_TABLE)])
            yield Tracker(connection, schemas, leave_out=version_table)


class _Descent:
    """Where a way down is, and what the catalog should be there."""

    def __init__(
        self,
        order: Sequence[str],
        deltas: Sequence[Delta],
        prints: Sequence[Prints],
        tracker: Tracker,
        position: int | None = None,
    ) -> None:
        self.position = len(order) if position is None else position
        self.changes: list[Change] = []
        self.blamed: tuple[str, ...] = ()
        self._order = order
        self._deltas = deltas
        self._prints = prints
        # By how much the rows differ from those on the way up, though they say the same.
        self._offset: Prints = {}
        self._tracker = tracker
        self._undone: list[str] = []
        self._expected: Entries = dict(tracker.entries)
        # A place that is given a position is empty yet, and about to be brought there.
        for delta in deltas[: position or 0]:
            for address, (_, now) in delta.items():
                _put(self._expected, address, now)

    @property
    def next_revision(self) -> str:
        """The revision whose downgrade is next, as long as there are no branches."""
        return next(r for r in reversed(self._order[: self.position]) if r not in self._undone)

    def skip(self) -> None:
        """Go on below the revision that cannot be undone."""
        self.position = self._order.index(self.next_revision)

    def finished(self, revision: str) -> None:
        """A downgrade is committed: compare, where the revisions undone are the newest ones."""
        self._undone.append(revision)
        group = tuple(self._undone)
        top = self._order[self.position - len(group) : self.position]
        if set(top) != set(group):
            return
        undone: Delta = {}
        while self._undone:
            self.position -= 1
            self._undone.remove(self._order[self.position])
            for address, (was, now) in self._deltas[self.position].items():
                _put(self._expected, address, was)
                undone[address] = (was, undone.get(address, (None, now))[1])
        before = self._prints[self.position]
        if self._tracker.is_back(_moved(before, self._offset), undone):
            return
        self._tracker.update()
        self._offset = _moved(self._tracker.prints, before, -1)
        if self._tracker.entries != self._expected:
            wanted = self._tracker.as_catalog(self._expected)
            self.changes, self.blamed = diff(wanted, self._tracker.catalog()), group
            raise _DivergedError


def _moved(prints: Prints, offset: Prints, sign: int = 1) -> Prints:
    """Prints with others added to them, or taken away."""
    return {
        watch: (
            count + sign * offset.get(watch, (0, 0))[0],
            digest + sign * offset.get(watch, (0, 0))[1],
        )
        for watch, (count, digest) in prints.items()
    }


def _put(entries: Entries, address: Address, entry: Entry | None) -> None:
    if entry is None:
        entries.pop(address, None)
    else:
        entries[address] = entry


def _known(catalog: Catalog | None) -> Catalog:
    return catalog or Catalog((), 0, ())


def _own_words(error: ReviseError) -> str:
    """What went wrong, without the list of what was applied before."""
    cause = error.__cause__
    if isinstance(error, PartialRun):
        return error.sentence.partition(" Applied before it:")[0]
    return str(getattr(cause, "sentence", "") or error.sentence)


def _parents(settings: Settings) -> dict[str, tuple[str, ...]]:
    from pgrevise.history.listing import listing

    return {entry.revision: entry.parents for entry in listing(settings)}
