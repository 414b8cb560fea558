"""A trial with rows in words: what was filled, what became of it, how each number came about.

Pure text, shared by every way of showing a rehearsal; where it stands on a page is each format's.
Every time is told with the size that it is for and whether it was measured there or reckoned.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pgrevise.rehearsal.facts import Passage, Rehearsed
from pgrevise.rehearsal.trial.facts import (
    Broken,
    FilledTable,
    Loss,
    Released,
    Seconds,
    Stall,
    Timed,
    Trial,
)
from pgrevise.report.words import amount, duration, listing, one_line

#: So many tables are named in a sentence.
MOST_NAMED = 6
#: So many characters of a commit are told.
SHORT = 8
#: A statement that takes less is not told among the slow ones.
NOTABLE = 0.01

_STOPPED = {"failed": "fails", "hung": "hangs", "refused": "refuses"}


@dataclass(frozen=True)
class Standstill:
    """What of one table stands still equally long in one passage: reads, writes, or both."""

    table: str
    stalls: tuple[Stall, ...]

    @property
    def traffic(self) -> str:
        """What stands still: "reads and writes"."""
        return listing([stall.traffic for stall in self.stalls])

    @property
    def first(self) -> Stall:
        """One of them, for what they have in common."""
        return self.stalls[0]

    @property
    def took(self) -> Seconds:
        """For how long."""
        return self.first.predicted

    @property
    def origin(self) -> str:
        """Where, and how the number came about: "jobs in the downgrade, measured at 5 rows"."""
        passage = "" if self.first.direction == "upgrade" else f" in the {self.first.direction}"
        return f"{self.table}{passage}, {origin(self.took)}"

    @property
    def probed(self) -> str:
        """What the probe saw, with its size where that is another; "" when none ran."""
        seen = [stall for stall in self.stalls if stall.probed is not None]
        times = listing(list(dict.fromkeys(duration(stall.probed or 0.0) for stall in seen)))
        is_elsewhere = any(stall.probed_rows != self.took.rows for stall in seen)
        at = f" at {rows(seen[0].probed_rows)}" if is_elsewhere else ""
        return f"{times}{at}" if seen else ""

    @property
    def words(self) -> str:
        """For how long it stands still, and what the probe saw of that."""
        return f"{self.traffic} stand still for {duration(self.took.seconds)} ({span(self.took)})"


@dataclass(frozen=True)
class Breakage:
    """What breaks of one mapped class for one reason."""

    mapped: str
    table: str
    operations: tuple[str, ...]
    error: str


def rows(count: int) -> str:
    """A number of rows: "1 row", "1,000,000 rows"."""
    return amount(count, "row")


def is_quiet(trial: Trial) -> bool:
    """Whether one line says it all: everything filled, gone through, and back; no times asked."""
    is_through = trial.upgrade.outcome == "done"
    is_through = is_through and trial.downgrade.outcome not in ("failed", "hung")
    untold = (trial.losses, trial.timed, trial.stalls, trial.notes, unfilled(trial))
    code = trial.released
    is_fine = code is None or not (code.broken or code.untried or code.error)
    return bool(trial.filled) and is_through and is_fine and not any(untold)


def summary(trial: Trial) -> str:
    """A trial in one sentence."""
    if not trial.filled:
        return "No table that it touches could be filled with rows."
    return f"With {filled(trial)}: {_outcome(trial)}."


def told(trial: Trial) -> Iterator[str]:
    """A trial in lines of plain text, each number with how it came about."""
    yield summary(trial)
    for table, reason in unfilled(trial):
        yield f"No rows in {table}: {reason}" if reason else f"No rows in {table}"
    for one in trial.losses:
        yield loss(one)
    for still in standstills(trial):
        probed = f"; the probe saw {still.probed}" if still.probed else ""
        yield f"{still.origin}: {still.words}{probed}"
    yield from map(one_line, trial.notes)


def filled(trial: Trial) -> str:
    """What was filled: "100 rows in jobs and queues"; what they refer to only if nothing else."""
    touched = [table for table in trial.filled if table.is_touched]
    return _in_tables(touched or trial.filled)


def referred(trial: Trial) -> str:
    """What was filled because a touched table refers to it, "" for nothing."""
    touched = [table for table in trial.filled if table.is_touched]
    others = [table for table in trial.filled if not table.is_touched]
    return _in_tables(others) if touched and others else ""


def unfilled(trial: Trial) -> list[tuple[str, str]]:
    """The tables without rows, and why."""
    return [(one_line(t.table), one_line(t.reason)) for t in trial.tables if not t.rows]


def troubles(trial: Trial) -> Iterator[tuple[Passage, str]]:
    """Each passage that did not come to its end, and where and why."""
    for passage in (trial.upgrade, trial.downgrade):
        if passage.outcome in _STOPPED:
            at = f" at line {passage.error_line}" if passage.error_line else ""
            yield passage, f"{at}: {one_line(passage.error)}"


def stopped(passage: Passage) -> str:
    """What a passage did that did not come to its end: "fails", "hangs", "refuses"."""
    return _STOPPED.get(passage.outcome, "was not tried")


def loss(one: Loss) -> str:
    """What became of the rows: "jobs.price changes in 12 of 100 rows, 1.239 to 1.24, …"."""
    name = one_line(f"{one.table}.{one.column}" if one.column else one.table)
    when = "after the upgrade" if one.at == "upgrade" else "after up and down"
    count = f"{one.rows:,} of {rows(one.of)}"
    was, became = _value(one.was), _value(one.became)
    if one.damage == "rows added":
        example = f", for example {became}" if one.became is not None else ""
        return f"{name} has {rows(one.rows)} more than its {one.of:,} {when}{example}"
    example = f", for example {was}" if one.was is not None else ""
    if one.damage == "rows lost":
        return f"{name} has lost {count} {when}{example}"
    if one.damage == "lost":
        return f"{name} has lost its value in {count} {when}{example}"
    return f"{name} is another in {count} {when}, for example {became} instead of {was}"


def origin(took: Seconds) -> str:
    """How a time came about: "measured at 1,000,000 rows", "scaled from … to …"."""
    if not took.is_scaled:
        return f"measured at {rows(took.rows)}"
    sizes = listing([f"{size:,}" for size in took.measured])
    return f"scaled from {sizes} to {rows(took.rows)}"


def span(took: Seconds) -> str:
    """The range that a time is expected to lie in: "1.2 s to 3.4 s"."""
    low, high = duration(took.low), duration(took.high)
    return low if low == high else f"{low} to {high}"


def standstills(trial: Trial) -> list[Standstill]:
    """The stalls, those of the upgrade first, and of these the longest."""
    grouped: dict[tuple[object, ...], list[Stall]] = {}
    for stall in sorted(trial.stalls, key=_longest_first):
        key = (stall.direction, stall.table, stall.predicted, stall.line)
        grouped.setdefault(key, []).append(stall)
    return [Standstill(one_line(found[0].table), tuple(found)) for found in grouped.values()]


def slowest(trial: Trial, most: int) -> list[Timed]:
    """The statements that took longest, as far as they are worth a line."""
    slow = [timed for timed in trial.timed if timed.took.high >= NOTABLE]
    slow = sorted(slow, key=lambda timed: -timed.took.seconds)[:most]
    return sorted(slow, key=lambda timed: timed.direction != "upgrade")


def released(code: Released) -> str:
    """What released code did: which code, how much of it was tried, how much breaks."""
    name = one_line(code.reference)
    short = one_line(code.commit)[:SHORT]
    if short and not name.startswith(short):
        name = f"{name} ({short})"
    if code.error:
        return f"{name} could not be tried: {one_line(code.error)}"
    classes = amount(code.classes, "class", "classes")
    tried = f"{amount(code.operations, 'operation')} of {classes}"
    if code.broken:
        return f"{name}: {tried} tried, {len(code.broken):,} of them broken on the new schema"
    if not code.operations:
        return f"{name}: nothing was tried"
    return f"{name}: {tried} {'works' if code.operations == 1 else 'work'} on the new schema"


def breakages(broken: Iterable[Broken]) -> list[Breakage]:
    """What breaks, by class and reason."""
    grouped: dict[tuple[str, str, str], list[str]] = {}
    for one in broken:
        code = f" ({one.sqlstate})" if one.sqlstate else ""
        key = (one_line(one.mapped), one_line(one.table), one_line(one.error) + code)
        grouped.setdefault(key, []).append(one.operation)
    return [
        Breakage(mapped, table, tuple(dict.fromkeys(operations)), error)
        for (mapped, table, error), operations in grouped.items()
    ]


def is_told_briefly(rehearsed: Rehearsed) -> bool:
    """Whether there was no trial, or none that needs more than a line."""
    trial = rehearsed.observed.trial
    return trial is None or is_quiet(trial)


def _longest_first(stall: Stall) -> tuple[bool, float, str, str]:
    is_later = stall.direction != "upgrade"
    return is_later, -stall.predicted.seconds, stall.table, stall.traffic


def _outcome(trial: Trial) -> str:
    why = "".join(words for _, words in troubles(trial)).rstrip(".")
    if trial.upgrade.outcome != "done":
        return f"the upgrade {stopped(trial.upgrade)}{why}"
    if trial.downgrade.outcome != "done":
        return f"the upgrade works; the downgrade {stopped(trial.downgrade)}{why}"
    damages = {one.damage for one in trial.losses if one.at == "downgrade"}
    if damages & {"lost", "rows lost"}:
        return "up and down work, but values are lost"
    if damages:
        return "up and down work, but values are changed"
    return "up and down work, every value is back"


def _in_tables(tables: Iterable[FilledTable]) -> str:
    """Tables by how many rows they have: "100 rows in jobs and queues, 3 rows in kinds"."""
    counts: dict[int, list[str]] = {}
    for table in tables:
        counts.setdefault(table.rows, []).append(one_line(table.table))
    return ", ".join(f"{rows(count)} in {_names(names)}" for count, names in counts.items())


def _names(names: list[str]) -> str:
    if len(names) <= MOST_NAMED:
        return listing(names)
    return listing([*names[: MOST_NAMED - 1], f"{len(names) - MOST_NAMED + 1} more"])


def _value(text: str | None) -> str:
    return "NULL" if text is None else one_line(text) or "''"
