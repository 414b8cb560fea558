"""A passage as its source lines with what they did beneath: what terminal and Markdown both show.

Groups statements by transaction and by line, and puts into words what PostgreSQL did for them. How
that looks on a page is not here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from pgrevise.rehearsal.facts import Finding, Lock, Observed, Passage, Statement, Transaction
from pgrevise.rehearsal.modes import MODES
from pgrevise.report.source_lines import SourceLines
from pgrevise.report.words import amount, duration, listing, named, one_line, size

#: How much a note matters: what it blocks, work that grows with the table, trouble, an aside.
Weight = Literal["reads", "writes", "DDL", "work", "trouble", "aside"]

MOST_LOCKS = 5
#: Less WAL than this is said of no statement.
NOTABLE_WAL = 1024 * 1024
#: What is locked along with its table.
_PARTS = ("index", "sequence")


@dataclass(frozen=True)
class Note:
    """One thing that a line did: a label such as "lock" or "scan", and the words for it."""

    label: str
    text: str
    weight: Weight


@dataclass(frozen=True)
class Entry:
    """A line of the revision with the statements it issued in one transaction, and their notes.

    ``source`` is the line as it is quoted, or the statement where that came from elsewhere.
    """

    line: int
    source: str
    statements: tuple[Statement, ...]
    notes: tuple[Note, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def seconds(self) -> float:
        """What its statements took in all."""
        return sum(statement.seconds for statement in self.statements)

    @property
    def is_notable(self) -> bool:
        """Whether there is anything to say beside that it ran.

        What Alembic writes into its own table is not; what it locks or breaks is.
        """
        quiet = ("aside",) if self.line else ("aside", "work")
        return bool(self.findings) or any(note.weight not in quiet for note in self.notes)


@dataclass(frozen=True)
class Block:
    """The lines of one transaction, or lines outside any; ``times`` such in a row."""

    transaction: Transaction | None
    entries: tuple[Entry, ...]
    times: int = 1

    def shown(self) -> tuple[Entry, ...]:
        """The lines of the revision, and others as far as there is something to say of them."""
        return tuple(entry for entry in self.entries if entry.line or entry.is_notable)


@dataclass(frozen=True)
class Annotated:
    """A passage as blocks; ``elsewhere`` are findings at lines that executed nothing.

    ``trouble`` is what ended the passage, where no line shown can be blamed.
    """

    blocks: tuple[Block, ...]
    elsewhere: tuple[Finding, ...] = ()
    trouble: Note | None = None


def annotate(observed: Observed, passage: Passage, findings: Iterable[Finding]) -> Annotated:
    """The passage's lines in the order they first ran, with notes and findings at them."""
    source = SourceLines(observed.revision.source)
    ends = {transaction.number: transaction for transaction in passage.transactions}
    waiting = [f for f in findings if f.direction == passage.direction]
    many_sessions = len({s.connection for s in passage.statements}) > 1
    trouble = _trouble(passage)
    blocks: list[Block] = []
    for number, grouped in _grouped(passage.statements):
        covered: dict[str, int] = {}
        entries = []
        for statements in grouped:
            at = statements[0].line
            covered = {} if number is None else covered
            here = tuple(f for f in waiting if at and f.line == at)
            waiting = [f for f in waiting if f not in here]
            notes = (
                *([_session(statements[0])] if many_sessions else []),
                *_notes(statements, ends.get(number) if number is not None else None, covered),
            )
            if trouble is not None and at and at == passage.error_line:
                notes, trouble = (*notes, trouble), None
            entries.append(Entry(at, _quoted(statements[0], source), statements, notes, here))
        transaction = ends.get(number) if number is not None else None
        if number is not None and transaction is None:
            transaction = _supposed(number, grouped)
        blocks.append(Block(transaction, tuple(entries)))
    return Annotated(tuple(_folded(blocks)), tuple(waiting), trouble)


def _grouped(
    statements: Iterable[Statement],
) -> list[tuple[int | None, list[tuple[Statement, ...]]]]:
    """Statements by transaction, in the order those began, and within each by line."""
    groups: list[tuple[int | None, dict[object, list[Statement]]]] = []
    known: dict[int, dict[object, list[Statement]]] = {}
    for statement in statements:
        number = statement.transaction
        if number is not None and number in known:
            lines = known[number]
        elif number is None and groups and groups[-1][0] is None:
            lines = groups[-1][1]
        else:
            lines = {}
            groups.append((number, lines))
            if number is not None:
                known[number] = lines
        key = (statement.line or one_line(statement.sql), statement.connection)
        lines.setdefault(key, []).append(statement)
    return [(number, [tuple(s) for s in lines.values()]) for number, lines in groups]


def _folded(blocks: list[Block]) -> Iterator[Block]:
    """Neighbours that ran the same lines become one block, with the statements of all."""
    alike: list[Block] = []
    for block in blocks:
        if alike and not _same_lines(alike[0], block):
            yield _one(alike)
            alike = []
        alike.append(block)
    if alike:
        yield _one(alike)


def _one(alike: list[Block]) -> Block:
    """Blocks of the same lines as the first of them."""
    if len(alike) == 1:
        return alike[0]
    entries = []
    for place, entry in enumerate(alike[0].entries):
        those = [block.entries[place] for block in alike]
        statements = tuple(s for one in those for s in one.statements)
        notes = next((one.notes for one in those if one.notes), ())
        entries.append(replace(entry, statements=statements, notes=notes))
    return replace(alike[0], entries=tuple(entries), times=len(alike))


def _same_lines(one: Block, other: Block) -> bool:
    """Whether two transactions ran the same lines; those that failed stand for themselves."""
    if one.transaction is None or other.transaction is None:
        return False
    if not (one.transaction.is_committed and other.transaction.is_committed):
        return False
    lines = [entry.line or entry.source for entry in one.entries]
    return lines == [entry.line or entry.source for entry in other.entries]


def _supposed(number: int, grouped: list[tuple[Statement, ...]]) -> Transaction:
    """A transaction whose end was not seen: as long as its statements."""
    every = [statement for statements in grouped for statement in statements]
    ended = max(statement.ended for statement in every)
    return Transaction(number, every[0].connection, every[0].began, ended, is_committed=False)


def _quoted(statement: Statement, source: SourceLines) -> str:
    if statement.is_foreign or not statement.line:
        return one_line(statement.sql)
    return one_line(source.at(statement.line) or statement.source or statement.sql)


def _trouble(passage: Passage) -> Note | None:
    """What ended a passage early, unless it is a statement's error, which is told with it."""
    said = one_line(passage.error)
    told = [one_line(s.error) for s in passage.statements if s.error]
    if not said or any(error in said for error in told):
        return None
    label = {"hung": "hangs", "refused": "refuses", "skipped": "skipped"}
    weight: Weight = "trouble" if passage.outcome in ("failed", "hung") else "aside"
    return Note(label.get(passage.outcome, "fails"), said, weight)


def _session(statement: Statement) -> Note:
    return Note("session", f"connection {statement.connection}", "aside")


def _notes(
    statements: tuple[Statement, ...], transaction: Transaction | None, covered: dict[str, int]
) -> Iterator[Note]:
    """What these statements did; ``covered`` is how strongly their transaction locks tables."""
    for failed in (s for s in statements if s.error):
        code = f" ({failed.sqlstate})" if failed.sqlstate else ""
        yield Note("fails", one_line(failed.error) + code, "trouble")
        break
    yield from _lock_notes(statements, transaction, covered)
    yield from _work_notes(statements)
    yield from _row_notes(statements)
    notices = [one_line(notice) for s in statements for notice in s.notices]
    if notices:
        more = f", and {amount(len(notices) - 1, 'more', 'more')}" if len(notices) > 1 else ""
        yield Note("notice", notices[0] + more, "aside")


def _lock_notes(
    statements: tuple[Statement, ...], transaction: Transaction | None, covered: dict[str, int]
) -> Iterator[Note]:
    merged: dict[tuple[str, str], Lock] = {}
    for lock in (lock for s in statements for lock in s.locks if lock.blocks):
        key = (lock.relation.name, lock.mode)
        if key not in merged or merged[key].held < lock.held:
            merged[key] = lock
    held = dict(covered)
    for lock in merged.values():
        if lock.relation.kind not in _PARTS:
            name, strength = lock.relation.name, MODES.index(lock.mode)
            covered[name] = max(strength, covered.get(name, -1))
    locks = [lock for lock in merged.values() if not _is_told(lock, held, covered)]
    locks.sort(key=lambda lock: (-MODES.index(lock.mode), lock.relation))
    for lock in locks[:MOST_LOCKS] if len(locks) > MOST_LOCKS + 1 else locks:
        yield Note("lock", _lock_words(lock, transaction), lock.blocks[0])
    if len(locks) > MOST_LOCKS + 1:
        rest = locks[MOST_LOCKS:]
        words = f"and {len(rest)} more, the strongest {rest[0].mode}"
        yield Note("", words, rest[0].blocks[0])


def _is_told(lock: Lock, held: dict[str, int], covered: dict[str, int]) -> bool:
    """Whether a lock that is as strong, on the relation or on its table, says it already."""
    relation, strength = lock.relation, MODES.index(lock.mode)
    if relation.kind == "index":
        return covered.get(relation.table, -1) >= strength
    if relation.kind == "sequence" and not lock.is_named:
        return any(other >= strength for other in covered.values())
    return held.get(relation.name, -1) >= strength or covered.get(relation.name, -1) > strength


def _lock_words(lock: Lock, transaction: Transaction | None) -> str:
    until = ""
    if transaction is not None:
        until = " to commit" if transaction.is_committed else " to rollback"
    unnamed = "" if lock.is_named else " (not named)"
    relation = named(lock.relation.kind, lock.relation.name) + unnamed
    held = f"for {duration(lock.held)}{until}"
    return f"{lock.mode} on {relation}, blocks {', '.join(lock.blocks)} {held}"


def _work_notes(statements: tuple[Statement, ...]) -> Iterator[Note]:
    rewrites = dict.fromkeys(rewrite for s in statements for rewrite in s.rewrites)
    built = {build.index.name for s in statements for build in s.builds}
    for rewrite in rewrites:
        if rewrite.relation.kind == "index" and rewrite.relation.name in built:
            continue
        what = named(rewrite.relation.kind, rewrite.relation.name)
        reason = f", for {rewrite.reason}" if rewrite.reason else ""
        yield Note("rewrite", f"the whole of {what}{reason}", "work")
    for build in dict.fromkeys(build for s in statements for build in s.builds):
        label = "rebuild" if build.was_there else "build"
        on = f" on {build.index.table}" if build.index.table else ""
        yield Note(label, f"index {build.index.name}{on}", "work")
    scanned: dict[str, int] = {}
    for scan in (scan for s in statements for scan in s.scans):
        scanned[scan.relation.name] = scanned.get(scan.relation.name, 0) + scan.count
    for name, count in scanned.items():
        times = f", {count:,} times" if count > 1 else ""
        yield Note("scan", f"all of {name}{times}", "work")


def _row_notes(statements: tuple[Statement, ...]) -> Iterator[Note]:
    rows: dict[str, dict[str, int]] = {}
    for written in (written for s in statements for written in s.written):
        counts = rows.setdefault(written.relation.name, {})
        for kind in ("inserted", "updated", "deleted"):
            counts[kind] = counts.get(kind, 0) + int(getattr(written, kind))
    for name, counts in rows.items():
        done = [f"{count:,} {kind}" for kind, count in counts.items() if count]
        if done:
            yield Note("rows", f"{listing(done)} in {name}", "work")
    logged = sum(s.wal_bytes for s in statements)
    if logged >= NOTABLE_WAL:
        yield Note("WAL", size(logged), "work")
    spilled = sum(s.temporary_bytes for s in statements)
    if spilled:
        yield Note("spill", f"{size(spilled)} of temporary files", "work")
