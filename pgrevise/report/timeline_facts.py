"""What a timeline draws of a passage: rows of statements and lanes of locks. No pixels here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from pgrevise.rehearsal.facts import (
    Direction,
    Finding,
    Lock,
    Passage,
    Rehearsed,
    Transaction,
)
from pgrevise.rehearsal.modes import MODES, Mode, blocks
from pgrevise.rehearsal.trial.facts import Trial
from pgrevise.report.annotated import Entry, annotate
from pgrevise.report.trial_words import Standstill, standstills
from pgrevise.report.words import amount, named, one_line

MOST_ROWS = 14
MOST_LANES = 12

Span = tuple[float, float]


@dataclass(frozen=True)
class Row:
    """A line of the revision: when its statements ran, and what they were.

    ``is_aside`` for statements that are not the revision's own.
    """

    label: str
    sql: str
    spans: tuple[Span, ...]
    findings: tuple[Finding, ...] = ()
    error: str = ""
    is_aside: bool = False


@dataclass(frozen=True)
class Held:
    """A lock mode on one table, and when it was held."""

    mode: Mode
    spans: tuple[Span, ...]

    @property
    def blocked(self) -> str:
        """What it blocks first of all: "reads", "writes", "DDL", or "nobody"."""
        return next(iter(blocks(self.mode)), "nobody")


@dataclass(frozen=True)
class Lane:
    """A table and the locks on it, the strongest first.

    ``stalls`` are the times at the size of production, where they were asked for.
    """

    relation: str
    held: tuple[Held, ...]
    stalls: tuple[Standstill, ...] = ()


@dataclass(frozen=True)
class Panel:
    """A passage as it is drawn, from ``origin`` on; ``hidden`` counts the tables without a lane."""

    passage: Passage
    rows: tuple[Row, ...]
    lanes: tuple[Lane, ...]
    transactions: tuple[Transaction, ...]
    origin: float = 0.0
    hidden: int = 0

    def moments(self) -> list[float]:
        """Every moment at which something drawn begins or ends."""
        spans = [span for row in self.rows for span in row.spans]
        spans += [span for lane in self.lanes for held in lane.held for span in held.spans]
        spans += [(t.began, t.ended) for t in self.transactions]
        return [moment for span in spans for moment in span]


def panel(rehearsed: Rehearsed, passage: Passage) -> Panel:
    """What there is to draw of a passage."""
    seen = annotate(rehearsed.observed, passage, rehearsed.findings)
    # What `env.py` and Alembic do in transactions of their own is not the revision's.
    blocks = [block for block in seen.blocks if block.shown()] or seen.blocks
    entries = [entry for block in blocks for entry in block.entries]
    numbers = {s.transaction for entry in entries for s in entry.statements}
    lanes = _with_stalls(_lanes(passage), rehearsed.observed.trial, passage.direction)
    drawn = Panel(
        passage,
        tuple(_rows(entries)),
        tuple(lanes[:MOST_LANES]),
        tuple(t for t in passage.transactions if t.number in numbers),
        hidden=len(lanes[MOST_LANES:]),
    )
    return replace(drawn, origin=min(drawn.moments(), default=0.0))


def joined(spans: Iterable[Span], gap: float = 0.0) -> tuple[Span, ...]:
    """Spans in order, those that touch or are no further apart than ``gap`` made one."""
    found: list[Span] = []
    for began, ended in sorted(spans):
        if found and began <= found[-1][1] + gap:
            found[-1] = (found[-1][0], max(found[-1][1], ended))
        else:
            found.append((began, ended))
    return tuple(found)


def _rows(entries: list[Entry]) -> Iterable[Row]:
    """A row for each line, or for those that matter, and one for all others."""
    ours = [entry for entry in entries if entry.line or entry.is_notable]
    shown = ours
    if len(ours) > MOST_ROWS:
        shown = [entry for entry in ours if entry.is_notable][: MOST_ROWS - 1]
        shown = shown or ours[: MOST_ROWS - 1]
    for entry in shown:
        count = len(entry.statements)
        times = f"{count:,}x  " if count > 1 else ""
        sql = entry.statements[0].sql
        yield Row(
            f"line {entry.line}" if entry.line else "elsewhere",
            times + one_line(sql),
            tuple((s.began, s.ended) for s in entry.statements),
            entry.findings,
            next((one_line(s.error) for s in entry.statements if s.error), ""),
        )
    rest = [entry for entry in ours if entry not in shown]
    if rest:
        yield Row("others", f"{amount(len(rest), 'more line')}", _spans(rest))
    aside = [entry for entry in entries if entry not in ours]
    if aside:
        yield Row("Alembic", "Alembic's own statements, or env.py's", _spans(aside), is_aside=True)


def _spans(entries: list[Entry]) -> tuple[Span, ...]:
    return tuple((s.began, s.ended) for entry in entries for s in entry.statements)


def _lanes(passage: Passage) -> list[Lane]:
    """Tables in the order they were locked, first those on which something is blocked."""
    spans: dict[str, dict[Mode, list[Span]]] = {}
    for lock in _locks(passage):
        name = named(lock.relation.kind, lock.relation.name)
        modes = spans.setdefault(name, {})
        modes.setdefault(lock.mode, []).append((lock.began, lock.began + lock.held))
    lanes = []
    for name, modes in spans.items():
        ordered = sorted(modes, key=MODES.index, reverse=True)
        kept: list[Held] = []
        for mode in ordered:
            whole = joined(modes[mode])
            if not (kept and _within(whole, kept[0].spans)):
                kept.append(Held(mode, whole))
        lanes.append(Lane(name, tuple(kept)))
    return sorted(lanes, key=lambda lane: lane.held[0].blocked == "nobody")


def _with_stalls(lanes: list[Lane], trial: Trial | None, direction: Direction) -> list[Lane]:
    """The lanes with the stalls of their tables; one of its own for a table that has none."""
    found: dict[str, list[Standstill]] = {}
    for still in standstills(trial) if trial is not None else ():
        if still.first.direction == direction:
            found.setdefault(still.table, []).append(still)
    known = [replace(lane, stalls=tuple(found.pop(lane.relation, ()))) for lane in lanes]
    return [*known, *(Lane(table, (), tuple(stalls)) for table, stalls in found.items())]


def _locks(passage: Passage) -> Iterable[Lock]:
    """The locks to draw: not those that Alembic writes under, nor those that come with a table."""
    strongest: dict[str, int] = {}
    for _, lock in passage.locks():
        if lock.relation.kind != "index":
            strength = MODES.index(lock.mode)
            strongest[lock.relation.name] = max(strength, strongest.get(lock.relation.name, -1))
    for statement, lock in passage.locks():
        relation, strength = lock.relation, MODES.index(lock.mode)
        comes_along = (
            relation.kind == "index" and strongest.get(relation.table, -1) >= strength
        ) or (relation.kind == "sequence" and not lock.is_named)
        is_idle = not lock.blocks and (statement.is_foreign or lock.mode == "ACCESS SHARE")
        if not (comes_along or is_idle):
            yield lock


def _within(inner: tuple[Span, ...], outer: tuple[Span, ...]) -> bool:
    """Whether a lock is held only while a stronger one is."""
    return all(
        any(began <= first and last <= ended for began, ended in outer) for first, last in inner
    )
