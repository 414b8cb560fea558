"""From passages over tables of known sizes to the times at the sizes of production. Pure.

Every statement has a table that its work grows with: of those that it was seen to scan, rewrite,
index or write, the largest in production. A stall is the longest time without a moment in which
somebody else gets at the table (or, for writes, at rows that were written). It is put together of
the statements that run meanwhile, each scaled with its own table, and of the time between them,
which is not scaled: a foreign key that is checked in one table keeps another one waiting. How a
time grows is `scaling`'s.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import get_args

from pgrevise.rehearsal.facts import Passage, Relation, Statement
from pgrevise.rehearsal.trial.facts import Seconds, Stall, Timed, Traffic
from pgrevise.rehearsal.trial.scaling import depends_on_rows, scaled

#: What takes less and keeps nobody waiting is no statement to tell the time of.
_SHORT = 0.01
#: A stall that no lock explains is told when it was longer than this, and than what is unrelated.
_UNEXPLAINED = 0.05
_DIGITS = re.compile(r"\d+")

Probed = Mapping[tuple[str, Traffic], float]
_Samples = list[tuple[int, float]]
_Span = tuple[float, float]


@dataclass(frozen=True)
class Run:
    """One passage over tables with ``rows``, by label; ``probed`` is what clients saw meanwhile.

    ``unrelated`` is the longest that a client saw who touches no table.
    """

    rows: Mapping[str, int]
    passage: Passage
    probed: Probed | None = None
    unrelated: float = 0.0


@dataclass(frozen=True)
class Sizes:
    """How many rows tables have in production, as far as that is known.

    ``roots`` gives for a partition the table whose rows are counted.
    """

    rows: Mapping[str, int]
    roots: Mapping[str, str]

    def of(self, table: str, measured: int) -> int:
        """The rows to tell the time for: production's, or else those that were there."""
        return self.rows.get(self.root(table), measured)

    def root(self, table: str) -> str:
        """The table whose rows are counted."""
        return self.roots.get(table, table)


def timed(runs: Sequence[Run], sizes: Sizes) -> tuple[Timed, ...]:
    """How long each statement takes; the last run is the largest. Repeated ones are summed."""
    groups = [_grouped(run.passage) for run in runs]
    found = []
    for key, statements in groups[-1].items():
        if not any(map(_matters, statements)) and sum(s.seconds for s in statements) < _SHORT:
            continue
        samples: dict[str, _Samples] = defaultdict(list)
        driver = _driver(statements, runs[-1], sizes)
        for run, group in zip(runs, groups, strict=True):
            if key in group:
                samples[driver].append(
                    (_rows(run, driver, sizes), sum(s.seconds for s in group[key]))
                )
        first = statements[0]
        took = _together(samples, runs[-1], sizes, grows=any(map(depends_on_rows, statements)))
        found.append(Timed(first.line, first.sql, runs[-1].passage.direction, took))
    return tuple(found)


def stalls(runs: Sequence[Run], sizes: Sizes) -> tuple[Stall, ...]:
    """For how long reads and writes of each table stand still; the last run is the largest."""
    last = runs[-1]
    probed = next((run for run in reversed(runs) if run.probed is not None), None)
    found = []
    for table in _tables(last, sizes):
        for traffic in get_args(Traffic):
            stall = _stall(runs, sizes, table, traffic)
            if stall:
                found.append(_with_probe(stall, probed, sizes))
    known = {(stall.table, stall.traffic) for stall in found}
    found += _unexplained(probed, known, sizes) if probed else []
    return tuple(found)


def _stall(runs: Sequence[Run], sizes: Sizes, table: str, traffic: Traffic) -> Stall | None:
    last = runs[-1]
    span = _longest(last.passage, table, traffic)
    if span is None:
        return None
    samples: dict[str, _Samples] = defaultdict(list)
    drivers = _drivers(last, sizes)
    for run in runs:
        for driver, seconds in _parts(run, drivers, table, traffic).items():
            samples[driver].append((_rows(run, driver or table, sizes), seconds))
    constant = samples.pop("", [])
    parts = [_together({driver: s}, last, sizes, grows=True) for driver, s in samples.items()]
    if constant:
        parts.append(_together({table: constant}, last, sizes, grows=False))
    longest = max(_own(last.passage), key=lambda s: _overlap(s, span), default=None)
    line = longest.line if longest else 0
    return Stall(table, traffic, last.passage.direction, _sum(parts), line=line)


def _with_probe(stall: Stall, probed: Run | None, sizes: Sizes) -> Stall:
    if probed is None or probed.probed is None:
        return stall
    seen = probed.probed.get((stall.table, stall.traffic))
    return replace(
        stall, probed=seen, probed_rows=_rows(probed, stall.table, sizes) if seen is not None else 0
    )


def _unexplained(probed: Run, known: set[tuple[str, Traffic]], sizes: Sizes) -> Iterator[Stall]:
    """What a client waited for although no lock was seen that would explain it."""
    for (table, traffic), seconds in (probed.probed or {}).items():
        if (table, traffic) in known or seconds <= max(_UNEXPLAINED, 2 * probed.unrelated):
            continue
        rows = _rows(probed, table, sizes)
        none = Seconds(0.0, 0.0, 0.0, rows, (rows,))
        yield Stall(table, traffic, probed.passage.direction, none, seconds, rows)


def _parts(
    run: Run, drivers: Mapping[tuple[int, str], str], table: str, traffic: Traffic
) -> dict[str, float]:
    """What a stall consists of: seconds by the table that they grow with, "" for none."""
    span = _longest(run.passage, table, traffic)
    if span is None:
        return {}
    found: dict[str, float] = defaultdict(float)
    for statement in _own(run.passage):
        found[drivers.get(_key(statement), "")] += _overlap(statement, span)
    found[""] += max(0.0, span[1] - span[0] - sum(found.values()))
    return found


def _drivers(run: Run, sizes: Sizes) -> dict[tuple[int, str], str]:
    """The table that each statement whose work depends on rows grows with."""
    return {
        key: _driver(statements, run, sizes)
        for key, statements in _grouped(run.passage).items()
        if any(map(depends_on_rows, statements))
    }


def _driver(statements: Sequence[Statement], run: Run, sizes: Sizes) -> str:
    """The largest table that was worked on; else of those locked; else of all."""
    worked = {t for s in statements for t in _worked_on(s)}
    locked = {lock.relation.table or lock.relation.name for s in statements for lock in s.locks}
    for tables in (worked, locked):
        counted = [t for t in sorted(tables) if sizes.root(t) in run.rows]
        if counted:
            return max(counted, key=lambda t: sizes.of(t, _rows(run, t, sizes)))
    return max(run.rows, key=lambda t: run.rows[t], default="")


def _worked_on(statement: Statement) -> Iterator[str]:
    relations: list[Relation] = [scan.relation for scan in statement.scans]
    relations += [rewrite.relation for rewrite in statement.rewrites]
    relations += [build.index for build in statement.builds]
    relations += [written.relation for written in statement.written]
    return (relation.table or relation.name for relation in relations)


def _rows(run: Run, table: str, sizes: Sizes) -> int:
    return run.rows.get(sizes.root(table), 0)


def _together(samples: Mapping[str, _Samples], run: Run, sizes: Sizes, *, grows: bool) -> Seconds:
    """The time of samples, each at the size of its table."""
    return _sum(
        [
            scaled(found, sizes.of(table, _rows(run, table, sizes)), grows=grows)
            for table, found in samples.items()
        ]
    )


def _sum(parts: Sequence[Seconds]) -> Seconds:
    """Several times one after the other; the sizes are those of the longest."""
    longest = max(parts, key=lambda part: part.seconds)
    return replace(
        longest,
        seconds=sum(part.seconds for part in parts),
        low=sum(part.low for part in parts),
        high=sum(part.high for part in parts),
    )


def _own(passage: Passage) -> list[Statement]:
    return [statement for statement in passage.statements if not statement.is_foreign]


def _matters(statement: Statement) -> bool:
    """Whether it takes longer in a larger table, or keeps others waiting."""
    is_blocking = any({"reads", "writes"} & set(lock.blocks) for lock in statement.locks)
    return is_blocking or depends_on_rows(statement)


def _key(statement: Statement) -> tuple[int, str]:
    """What tells statements apart whatever the size: batches differ in their numbers."""
    return statement.line, _DIGITS.sub("#", statement.sql)


def _grouped(passage: Passage) -> dict[tuple[int, str], list[Statement]]:
    groups: dict[tuple[int, str], list[Statement]] = defaultdict(list)
    for statement in _own(passage):
        groups[_key(statement)].append(statement)
    return groups


def _tables(run: Run, sizes: Sizes) -> list[str]:
    """The tables with rows that a passage locked."""
    locked = {lock.relation for _, lock in run.passage.locks()}
    return sorted(r.name for r in locked if r.kind == "table" and sizes.root(r.name) in run.rows)


def _longest(passage: Passage, table: str, traffic: Traffic) -> _Span | None:
    """The longest time without a moment in which traffic may pass; None when nothing blocks it."""
    merged: list[_Span] = []
    for began, ended in sorted(_spans(passage, table, traffic)):
        if merged and began <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(ended, merged[-1][1]))
        else:
            merged.append((began, ended))
    return max(merged, key=lambda span: span[1] - span[0], default=None)


def _spans(passage: Passage, table: str, traffic: Traffic) -> Iterator[_Span]:
    """When a lock blocks traffic, or the lock on rows that were written blocks writing them."""
    for _, lock in passage.locks():
        # Planning a statement on a table opens its indexes: who locks one stops the table.
        if table in (lock.relation.name, lock.relation.table) and traffic in lock.blocks:
            yield lock.began, lock.began + lock.held
    ends = {one.number: one.ended for one in passage.transactions}
    for statement in _own(passage) if traffic == "writes" else ():
        if any(w.relation.name == table and (w.updated or w.deleted) for w in statement.written):
            ended = ends.get(statement.transaction or 0, statement.ended)
            yield statement.began, max(ended, statement.ended)


def _overlap(statement: Statement, span: _Span) -> float:
    return max(0.0, min(statement.ended, span[1]) - max(statement.began, span[0]))
