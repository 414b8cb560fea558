"""Choosing values that meet the conditions of a unit: propose, ask the server, vary the accepted.

What decides is here, and nothing here talks to a server: `choose` is given a function that judges.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice, product

from pgrevise.rehearsal.rows.candidates import Candidates, Maker, constant
from pgrevise.rehearsal.rows.model import Check, Row, Text
from pgrevise.rehearsal.rows.units import Unit

#: For rows and conditions: which row meets which.
Judge = Callable[[Sequence[Row], Sequence[Check]], list[tuple[bool, ...]]]

_MOST_ROWS = 3000
_MOST_VALUES = 40
_MOST_COMBINATIONS = 600
_POOL = 200
_LEAST_POOL = 24
_LEAST_SHARE = 0.03
_CLIMBS = 6


@dataclass(frozen=True)
class Choice:
    """How the rows of a unit come about.

    ``pool`` are rows that meet the conditions, as different as possible. ``makers`` is one for each
    slot, together meeting them in this ``share`` of all cases; empty where only the pool does.
    """

    unit: Unit
    pool: tuple[Row, ...]
    makers: tuple[Maker, ...] = ()
    share: float = 1.0
    problem: str | None = None
    hinted: bool = False


def choose(
    unit: Unit,
    candidates: Sequence[Candidates],
    keyed: frozenset[int],
    last: int,
    judge: Judge,
    seed: int,
) -> Choice:
    """Choose for one unit. ``keyed`` are columns whose values should not be there twice.

    ``last`` is the highest row number.
    """
    problems = [one.problem for one in candidates if one.problem]
    if problems:
        return Choice(unit, (), problem=" ".join(problems))
    if not unit.checks:
        return _without_conditions(unit, candidates, keyed)
    search = _Search(unit, candidates, judge, random.Random(seed))  # noqa: S311 - repeatable on purpose
    accepted = search.accepted()
    if not accepted:
        return Choice(unit, (), problem=search.problem())
    makers, share = search.makers(accepted, keyed, last)
    hinted = any(one.hinted for one in candidates)
    return Choice(unit, search.pool(accepted), makers, share, hinted=hinted)


def _without_conditions(
    unit: Unit, candidates: Sequence[Candidates], keyed: frozenset[int]
) -> Choice:
    (only,) = candidates
    # A list of values given as a hint is the pool, and all there is.
    listed = only.hinted and only.values
    makers = () if listed else only.makers[:1]
    pool = only.values if only.values or not only.makers else only.makers[0].samples
    if only.hinted and not listed:
        pool = ()
    if unit.numbers & keyed and any(maker.keys for maker in makers):
        # Each key serves once: none is set aside.
        pool = tuple(row for row in pool if None in row)
    return Choice(unit, pool, makers, hinted=only.hinted)


class _Search:
    """The search for one unit; counts what it tried, to tell which condition was never met."""

    def __init__(
        self, unit: Unit, candidates: Sequence[Candidates], judge: Judge, draw: random.Random
    ) -> None:
        self._unit = unit
        self._candidates = candidates
        self._judge = judge
        self._draw = draw
        self._met: Counter[str] = Counter()
        self._tried = 0
        everything = [_all_values(one) for one in candidates]
        self._lists = everything
        if len(candidates) > 1:
            self._lists = [_fewer(self._alone(at, everything)) for at in range(len(everything))]

    def _alone(self, at: int, everything: list[list[Row]]) -> list[Row]:
        """Those values of a slot that meet the conditions on it alone; all, if none does."""
        own = {column.number for column in self._unit.slots[at].columns}
        checks = [check for check in self._unit.checks if set(check.columns) <= own]
        if not checks:
            return everything[at]
        firsts = [values[0] for values in everything]
        rows = [_joined([*firsts[:at], value, *firsts[at + 1 :]]) for value in everything[at]]
        verdicts = self._judge(rows, checks)
        met = [
            value for value, verdict in zip(everything[at], verdicts, strict=True) if all(verdict)
        ]
        return met or everything[at]

    def _judged(self, rows: Iterable[Row]) -> list[tuple[Row, tuple[bool, ...]]]:
        distinct = list(dict.fromkeys(rows))
        verdicts = self._judge(distinct, self._unit.checks) if distinct else []
        self._tried += len(distinct)
        for verdict in verdicts:
            for check, met in zip(self._unit.checks, verdict, strict=True):
                self._met[check.name] += met
        return list(zip(distinct, verdicts, strict=True))

    def accepted(self) -> list[Row]:
        """Rows that meet all conditions, found by trying, climbing and varying."""
        judged = self._judged(self._first())
        good = [row for row, verdict in judged if all(verdict)]
        for _ in range(_CLIMBS):
            if good or len(self._lists) == 1:
                break
            best = sorted(judged, key=lambda pair: -sum(pair[1]))[:6]
            judged = best + self._judged(self._varied([row for row, _ in best]))
            good = [row for row, verdict in judged if all(verdict)]
        if good and len(self._lists) > 1:
            few = [good[at] for at in sorted({0, len(good) // 2, len(good) - 1})]
            more = self._judged(self._varied(few))
            good += [row for row, verdict in more if all(verdict)]
        return list(dict.fromkeys(good))

    def _first(self) -> list[Row]:
        """All combinations, or as many as are tried, drawn by chance."""
        count = 1
        for values in self._lists:
            count *= len(values)
        if count <= _MOST_ROWS:
            return [_joined(parts) for parts in product(*self._lists)]
        longest = max(map(len, self._lists))
        in_step = [
            _joined([values[at % len(values)] for values in self._lists]) for at in range(longest)
        ]
        drawn = [
            _joined([self._draw.choice(values) for values in self._lists])
            for _ in range(_MOST_ROWS)
        ]
        return in_step + drawn

    def _varied(self, rows: Sequence[Row]) -> list[Row]:
        """These rows with every other value in each slot."""
        found = []
        for row in rows:
            parts = self._split(row)
            for at, values in enumerate(self._lists):
                found += [_joined([*parts[:at], value, *parts[at + 1 :]]) for value in values]
        return found[:_MOST_ROWS]

    def _split(self, row: Row) -> list[Row]:
        parts, start = [], 0
        for slot in self._unit.slots:
            parts.append(row[start : start + len(slot.columns)])
            start += len(slot.columns)
        return parts

    def problem(self) -> str:
        """Which condition was never met, or that they never were together."""
        never = [check for check in self._unit.checks if not self._met[check.name]]
        if never:
            told = " and ".join(_told(check) for check in never)
            return f"None of {self._tried} candidates meets {told}."
        told = " and ".join(_told(check) for check in self._unit.checks)
        return f"None of {self._tried} candidates meets all of {told}."

    def pool(self, accepted: list[Row]) -> tuple[Row, ...]:
        """Some of the rows: such that each partition and each value that can be there is."""
        leaves = (
            self._judge(accepted, self._unit.leaves) if self._unit.leaves else [()] * len(accepted)
        )
        order = list(range(len(accepted)))
        self._draw.shuffle(order)
        seen: set[object] = set()
        chosen: list[Row] = []
        rest: list[Row] = []
        for at in order:
            features: set[object] = {number for number, met in enumerate(leaves[at]) if met}
            features |= set(enumerate(self._split(accepted[at]), len(self._unit.leaves)))
            (rest if features <= seen else chosen).append(accepted[at])
            seen |= features
        return tuple((chosen + rest[: max(0, _LEAST_POOL - len(chosen))])[:_POOL])

    def makers(
        self, accepted: list[Row], keyed: frozenset[int], last: int
    ) -> tuple[tuple[Maker, ...], float]:
        """The makers that meet the conditions together most often, and in what share of cases.

        None where the pool serves better: where makers would be constants, or miss too often.
        """
        lists = [[maker for maker in one.makers if maker.varied] for one in self._candidates]
        best, share, score = self._best(lists, keyed, last)
        if score == 1 or not self._unit.numbers & keyed:
            return (best, share) if share == 1 else ((), 1.0)
        frequent = [
            Counter(self._split(row)[at] for row in accepted).most_common(8)
            for at in range(len(lists))
        ]
        wider = [
            [*makers[:12], *(constant(row, self._points()) for row, _ in values)]
            for makers, values in zip(lists, frequent, strict=True)
        ]
        other, other_share, other_score = self._best(wider, keyed, last)
        if other_score > score:
            best, share = other, other_share
        return (best, share) if share >= _LEAST_SHARE else ((), 1.0)

    def _reach(self, combination: Sequence[Maker], keyed: frozenset[int], last: int) -> float:
        """The share of row numbers up to the last that keys have different values for."""
        reach = 1.0
        for slot, maker in zip(self._unit.slots, combination, strict=True):
            if maker.capacity is not None and any(c.number in keyed for c in slot.columns):
                reach = min(reach, (maker.capacity + 1) / (last + 1))
        return reach

    def _points(self) -> int:
        return max((len(m.samples) for one in self._candidates for m in one.makers), default=0)

    def _best(
        self, lists: list[list[Maker]], keyed: frozenset[int], last: int
    ) -> tuple[tuple[Maker, ...], float, float]:
        """The best makers, their share, and a score that also counts how far keys reach."""
        combinations = _nearest_first(lists)
        rows: list[Row] = []
        for combination in combinations:
            rows += [
                _joined(parts)
                for parts in zip(*(maker.samples for maker in combination), strict=True)
            ]
        distinct = list(dict.fromkeys(rows))
        met = {
            row: all(verdict)
            for row, verdict in zip(
                distinct, self._judge(distinct, self._unit.checks) if distinct else [], strict=True
            )
        }
        best: tuple[tuple[Maker, ...], float, float] = ((), 0.0, 0.0)
        points, at = self._points(), 0
        for combination in combinations:
            share = sum(met[row] for row in rows[at : at + points]) / points
            if any(
                maker.keys and maker.capacity != len(set(maker.samples)) for maker in combination
            ):
                # Only some of the keys were tried.
                share = min(share, 0.99)
            score = share * self._reach(combination, keyed, last)
            if score > best[2] and any(maker.varied for maker in combination):
                best = (combination, share, score)
            at += points
        return best


def _all_values(one: Candidates) -> list[Row]:
    """Values to try in a slot: those listed and what makers give."""
    first = [row for maker in one.makers for row in maker.samples[:4]]
    later = [row for maker in one.makers[:8] for row in maker.samples[4:8]]
    return list(dict.fromkeys([*one.values, *first, *later]))


def _fewer(values: list[Row]) -> list[Row]:
    """As many as can be combined: half from the front, where what conditions mention is."""
    if len(values) <= _MOST_VALUES:
        return values
    half = _MOST_VALUES // 2
    nulls = [row for row in values if None in row]
    step = (len(values) - half) / half
    spread = [values[half + int(number * step)] for number in range(half)]
    return list(dict.fromkeys([*values[:half], *nulls, *spread]))


def _joined(parts: Iterable[Row]) -> Row:
    row: list[Text] = []
    for part in parts:
        row += part
    return tuple(row)


def _nearest_first(lists: list[list[Maker]]) -> list[tuple[Maker, ...]]:
    """Combinations of makers, those that are near the front of their lists first."""
    lengths = [min(len(makers), 40 if len(lists) < 3 else 8) for makers in lists]
    indexes = islice(product(*map(range, lengths)), 40_000)
    chosen = sorted(indexes, key=lambda at: (sum(at), at))[:_MOST_COMBINATIONS]
    return [tuple(lists[slot][at] for slot, at in enumerate(one)) for one in chosen]


def _told(check: Check) -> str:
    if check.what == "check":
        return f"the check {check.name} ({check.expression})"
    if check.what == "partitions":
        return f"the bounds of the partitions of {check.name}"
    return f"what the generated column {check.name} needs"
