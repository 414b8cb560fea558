"""What a transaction did so far, and so what its last statement did. Pure.

A `Look` is what PostgreSQL answered after a statement; the difference to the look before is what
the statement did. Relations are told apart by oid; they are reported under the name that they had
before the passage, even when the passage renames them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pgrevise.rehearsal.facts import IndexBuild, Relation, Rewrite, Scan, Written
from pgrevise.rehearsal.modes import MODES, Mode, mode_named
from pgrevise.rehearsal.observing.texts import seconds_of

KINDS = {
    "r": "table",
    "p": "table",
    "f": "foreign table",
    "v": "view",
    "m": "materialized view",
    "i": "index",
    "I": "index",
    "S": "sequence",
    "c": "composite type",
}
#: PostgreSQL 17 manual, 9.31.3 "pg_event_trigger_table_rewrite_reason": a sum of these.
_REASONS = {
    1: "its persistence",
    2: "a column's default",
    4: "a column's type",
    8: "its access method",
}
#: Rows scanned in full, inserted, updated, deleted.
Counts = tuple[int, int, int, int]
NOTHING: Counts = (0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Known:
    """A relation of before: its name, bare and as SQL writes it, an index's table, its file."""

    bare: str
    name: str
    kind: str
    index_of: int
    file: int


@dataclass(frozen=True)
class Scene:
    """The database where a passage begins: a row for each relation, and what `now` told."""

    relations: tuple[tuple[Any, ...], ...]
    now: tuple[int, int, int]

    def known(self) -> dict[int, Known]:
        """The relations by oid."""
        return {
            oid: Known(bare, name, KINDS.get(kind, ""), index_of, file)
            for oid, bare, name, kind, index_of, file in self.relations
        }


@dataclass(frozen=True, slots=True)
class Seen:
    """One relation in a look; ``name`` is "" when it is gone."""

    oid: int
    modes: tuple[Mode, ...]
    bare: str
    name: str
    kind: str
    index_of: int
    file: int
    counts: Counts


@dataclass(frozen=True, slots=True)
class Look:
    """One answer; ``began`` is the time of the transaction's beginning, to tell it from others."""

    lock_timeout: float
    rewrites: str
    position: int
    began: int
    xid: int | None
    relations: tuple[Seen, ...] = ()


def look_of(rows: Sequence[Sequence[Any]]) -> Look:
    """A look from the rows of the queries ``look`` or ``glance``."""
    timeout, rewrites, position, began, xid = rows[0][:5]
    relations = [_seen(row[5:]) for row in rows if row[5:] and row[5] is not None]
    relations.sort(key=lambda seen: seen.oid)
    return Look(seconds_of(timeout), rewrites or "", position, began, xid, tuple(relations))


def _seen(row: Sequence[Any]) -> Seen:
    oid, modes, bare, name, kind, index_of, file, *counts = row
    scans, inserted, updated, deleted = (int(count or 0) for count in counts)
    return Seen(
        oid=oid,
        modes=tuple(sorted(map(mode_named, modes.split(",")), key=MODES.index)),
        bare=bare or "",
        name=name or "",
        kind=KINDS.get(kind, "") if kind else "",
        index_of=index_of or 0,
        file=file or 0,
        counts=(scans, inserted, updated, deleted),
    )


@dataclass(slots=True)
class Base:
    """What is committed: the relations of before, and the files and indexes as they are by now.

    ``names`` are those that SQL writes, ``bare_names`` without a schema and with those that came by
    renaming. ``has_adopted`` when something may have been made a partition or child since.
    """

    known: dict[int, Known]
    files: dict[int, int] = field(default_factory=dict)
    made: dict[int, Seen] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)
    has_adopted: bool = False
    names: frozenset[str] = field(init=False)
    bare_names: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self.names = frozenset(was.name for was in self.known.values())
        self.bare_names = {was.bare for was in self.known.values()}

    def relation(self, oid: int) -> Relation:
        """A relation of before, as it is reported."""
        was = self.known[oid]
        table = self.known[was.index_of].name if was.index_of in self.known else ""
        return Relation(was.name, was.kind, table)

    def index_on(self, seen: Seen) -> Relation:
        """An index on a table of before that is new, or was made again under its name."""
        table = self.known[seen.index_of].name
        return Relation(seen.name, "index", table, is_new=seen.name not in self.names)


@dataclass(slots=True)
class Deeds:
    """What one statement did; ``locks`` are the pairs newly taken, each with a present name."""

    locks: list[tuple[int, Mode, str]] = field(default_factory=list)
    rewrites: list[Rewrite] = field(default_factory=list)
    builds: list[IndexBuild] = field(default_factory=list)
    scans: list[Scan] = field(default_factory=list)
    written: list[Written] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.locks or self.rewrites or self.builds or self.scans or self.written)


@dataclass(slots=True)
class Ledger:
    """One transaction: what it holds and what it changed, on top of what is committed."""

    base: Base
    counts: dict[int, Counts] = field(default_factory=dict)
    held: set[tuple[int, Mode]] = field(default_factory=set)
    files: dict[int, int] = field(default_factory=dict)
    made: dict[int, Seen] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)
    rewrites: str = ""

    def enter(self, look: Look) -> Deeds:
        """What was done since the last look."""
        told = look.rewrites.removeprefix(self.rewrites)
        reasons = dict(_reasons(told))
        self.rewrites = look.rewrites
        deeds = Deeds()
        gone = self._newly_gone(look.relations)
        for seen in look.relations:
            self._enter_locks(seen, deeds)
            self._enter_counts(seen, deeds)
            if seen.oid in self.base.known:
                self.base.bare_names.add(seen.bare)
                self._enter_file(seen, reasons.get(seen.oid, ""), deeds)
            elif seen.name and seen.index_of in self.base.known:
                self._enter_index(seen, gone, deeds)
        return deeds

    def release(self, look: Look) -> set[tuple[int, Mode]]:
        """Return to a savepoint: what is held no more; files are again what they are now."""
        held = {(seen.oid, mode) for seen in look.relations for mode in seen.modes}
        released = self.held - held
        self.held -= released
        present = {seen.oid: seen for seen in look.relations if seen.name}
        for oid, _ in released:
            self.files.pop(oid, None)
            self.gone.discard(oid)
        for oid, seen in present.items():
            self.gone.discard(oid)
            if oid in self.base.known:
                self.files[oid] = seen.file
        self.made = {oid: seen for oid, seen in self.made.items() if oid in present}
        self.rewrites = look.rewrites
        self.counts.update((seen.oid, seen.counts) for seen in look.relations)
        return released

    def commit(self) -> None:
        """Make what was changed the base of later transactions."""
        self.base.files.update(self.files)
        self.base.made.update(self.made)
        self.base.gone |= self.gone

    def _newly_gone(self, relations: Iterable[Seen]) -> dict[str, int]:
        """The indexes that this statement dropped: their names and files."""
        found = {}
        for seen in relations:
            if seen.name or seen.oid in self.gone or seen.oid in self.base.gone:
                continue
            was = self.base.known.get(seen.oid)
            made = self.made.get(seen.oid) or self.base.made.get(seen.oid)
            if was and was.kind == "index":
                found[was.name] = self._file(seen.oid, was.file)
            elif made:
                found[made.name] = made.file
            self.gone.add(seen.oid)
        return found

    def _enter_locks(self, seen: Seen, deeds: Deeds) -> None:
        for mode in seen.modes:
            pair = (seen.oid, mode)
            if seen.oid in self.base.known and pair not in self.held:
                self.held.add(pair)
                deeds.locks.append((*pair, seen.bare))

    def _enter_counts(self, seen: Seen, deeds: Deeds) -> None:
        before = self.counts.get(seen.oid, NOTHING)
        scans, inserted, updated, deleted = (
            max(0, now - was) for now, was in zip(seen.counts, before, strict=True)
        )
        self.counts[seen.oid] = seen.counts
        was = self.base.known.get(seen.oid)
        if was is None and not seen.name:
            return  # the copy that a rewrite fills
        if was and scans and was.kind in ("table", "materialized view"):
            deeds.scans.append(Scan(self.base.relation(seen.oid), scans))
        if inserted or updated or deleted:
            new = Relation(seen.name, seen.kind, is_new=True)
            relation = self.base.relation(seen.oid) if was else new
            deeds.written.append(Written(relation, inserted, updated, deleted))

    def _enter_file(self, seen: Seen, reason: str, deeds: Deeds) -> None:
        was = self.base.known[seen.oid]
        if not seen.name or was.kind not in ("table", "materialized view", "index"):
            return
        if seen.file and seen.file != self._file(seen.oid, was.file):
            self.files[seen.oid] = seen.file
            deeds.rewrites.append(Rewrite(self.base.relation(seen.oid), reason))
            if was.kind == "index":
                deeds.builds.append(IndexBuild(self.base.relation(seen.oid), was_there=True))

    def _enter_index(self, seen: Seen, gone: dict[str, int], deeds: Deeds) -> None:
        earlier = self.made.get(seen.oid) or self.base.made.get(seen.oid)
        self.made[seen.oid] = seen
        former = earlier.file if earlier else gone.get(seen.name)
        if seen.file and seen.file != former:
            build = IndexBuild(self.base.index_on(seen), was_there=former is not None)
            deeds.builds.append(build)

    def _file(self, oid: int, otherwise: int) -> int:
        return self.files.get(oid, self.base.files.get(oid, otherwise))


def _reasons(told: str) -> Iterator[tuple[int, str]]:
    """By oid, the reasons in words; ``told`` is what the event trigger wrote down."""
    for piece in filter(None, told.split(",")):
        oid, _, number = piece.partition(":")
        words = [word for bit, word in _REASONS.items() if int(number) & bit]
        yield int(oid), " and ".join(words)
