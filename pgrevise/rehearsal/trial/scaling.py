"""From times at some sizes to the time at another, with the range to expect it in. Pure.

What a statement does to a table is constant work (locks, catalogs), work for each row (a scan, a
rewrite) or sorting (an index: n log n), or a sum of these. Each of the three is drawn through what
was measured; the simplest that explains it gives the time, and those that cannot be ruled out the
range. The range is never narrower than repeated measurements scatter, and grows with every decade
between the sizes measured and the size asked for, since caches and sorts in memory end somewhere.

All of it is about a server like the one that was measured: how much faster or slower the disks of
another are is not to be had from times on this one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from pgrevise.rehearsal.facts import Statement
from pgrevise.rehearsal.trial.facts import Seconds

#: Times differ by so much whatever is measured: scheduling, a look at the clock.
FLOOR = 0.005
#: One measurement and the next differ by this factor where none was repeated.
SCATTER = 1.25
#: So much wider for each decade beyond the sizes that were measured.
_PER_DECADE = 1.4

_Growth = Callable[[float], float]


def depends_on_rows(statement: Statement) -> bool:
    """Whether a statement was seen to do what takes longer in a larger table."""
    return bool(statement.scans or statement.rewrites or statement.builds or statement.written)


def scaled(
    samples: Sequence[tuple[int, float]], rows: int, *, grows: bool | None = None
) -> Seconds:
    """The time at ``rows`` rows, from ``(rows, seconds)`` measured at these or at other sizes.

    A size may be there several times. What was measured at the size asked for is not scaled.
    ``grows`` tells whether the work was seen to depend on the rows (`depends_on_rows`); when it
    does not, the time at the largest size holds for all. None leaves it to the times.
    Raises ValueError without a sample.
    """
    if not samples:
        raise ValueError("a time cannot be scaled from no measurement")
    sizes = _by_size(samples)
    measured = tuple(size.rows for size in sizes)
    scatter = _scatter(sizes)
    same = next((size for size in sizes if size.rows == rows), None)
    if same is not None:
        low, high = _around(same, scatter)
        return Seconds(same.seconds, low, high, rows, measured)
    if grows is False:
        low, high = _around(sizes[-1], scatter)
        return Seconds(sizes[-1].seconds, low, high, rows, measured)
    guessed = _from_one(sizes[0], rows) if len(sizes) == 1 else _from_several(sizes, rows, scatter)
    wider = scatter * _PER_DECADE ** _decades(sizes, rows)
    low = max(0.0, min(guessed) / wider - FLOOR)
    return Seconds(guessed[0], low, max(guessed) * wider + FLOOR, rows, measured)


@dataclass(frozen=True)
class _Size:
    """What was measured at one size: the median, the least and the most."""

    rows: int
    seconds: float
    least: float
    most: float
    times: int


def _by_size(samples: Sequence[tuple[int, float]]) -> list[_Size]:
    found: dict[int, list[float]] = {}
    for rows, seconds in samples:
        found.setdefault(rows, []).append(seconds)
    return [
        _Size(rows, median(times), min(times), max(times), len(times))
        for rows, times in sorted(found.items())
    ]


def _scatter(sizes: Sequence[_Size]) -> float:
    """The factor that measurements of the same thing differ by; what is short does not tell."""
    repeated = [
        (size.most + FLOOR) / (size.least + FLOOR)
        for size in sizes
        if size.times > 1 and size.most > 2 * FLOOR
    ]
    return max(repeated, default=SCATTER)


def _around(size: _Size, scatter: float) -> tuple[float, float]:
    """The range of what was measured at a size; of one measurement what others scatter."""
    if size.times > 1:
        return size.least, size.most
    return max(0.0, size.seconds / scatter - FLOOR), size.seconds * scatter + FLOOR


def _from_one(size: _Size, rows: int) -> list[float]:
    """Proportional but for what anything takes; it may be constant, or sorting."""
    constant = min(size.seconds, FLOOR)
    factors = [growth(rows) / growth(size.rows) for growth in (_linear, _sorting)]
    times = [constant + (size.seconds - constant) * factor for factor in factors]
    return [*times, size.seconds]


def _from_several(sizes: Sequence[_Size], rows: int, scatter: float) -> list[float]:
    """The times that are possible, the likeliest first; all of them meet the largest size."""
    last, others = sizes[-1], sizes[:-1]
    if _is_constant(last, others, scatter):
        # It may grow by less than the scatter hides.
        hidden = FLOOR + (scatter - 1) * last.seconds
        steepest = hidden / (last.rows - others[0].rows)
        return [last.seconds, max(0.0, last.seconds + steepest * (rows - last.rows))]
    found = [_drawn(growth, last, others, rows) for growth in (_linear, _sorting)]
    found.sort(key=lambda drawn: round(drawn[1], 2))
    times = [time for time, _ in found]
    if found[0][1] > scatter - 1:
        # Steeper than sorting (a nested loop), or a cache that was outgrown on the way.
        return [_power(last, others, rows), *times]
    return times


def _is_constant(last: _Size, others: Sequence[_Size], scatter: float) -> bool:
    return all(
        last.seconds <= other.seconds * scatter + FLOOR
        and other.seconds <= last.seconds * scatter + FLOOR
        for other in others
    )


def _drawn(growth: _Growth, last: _Size, others: Sequence[_Size], rows: int) -> tuple[float, float]:
    """A constant and a growth through the largest size; and by what share it misses the others."""
    weights = [1 / max(other.seconds, FLOOR) ** 2 for other in others]
    gaps = [growth(last.rows) - growth(other.rows) for other in others]
    fallen = [last.seconds - other.seconds for other in others]
    slope = sum(w * g * f for w, g, f in zip(weights, gaps, fallen, strict=True)) / sum(
        w * g * g for w, g in zip(weights, gaps, strict=True)
    )
    slope = min(max(slope, 0.0), last.seconds / growth(last.rows))
    missed = (
        max(0.0, abs(last.seconds - slope * gap - other.seconds) - FLOOR)
        / max(other.seconds, FLOOR)
        for gap, other in zip(gaps, others, strict=True)
    )
    return last.seconds + slope * (growth(rows) - growth(last.rows)), max(missed)


def _power(last: _Size, others: Sequence[_Size], rows: int) -> float:
    """As steep as it was between the two largest sizes."""
    before = others[-1]
    exponent = math.log((last.seconds + FLOOR) / (before.seconds + FLOOR)) / math.log(
        last.rows / max(before.rows, 1)
    )
    return float(last.seconds * (max(rows, 1) / last.rows) ** max(exponent, 0.0))


def _linear(rows: float) -> float:
    return max(rows, 1.0)


def _sorting(rows: float) -> float:
    return max(rows, 1.0) * math.log2(max(rows, 1.0) + 1)


def _decades(sizes: Sequence[_Size], rows: int) -> float:
    """How far a size is from those that were measured, in powers of ten; 0 between them."""
    if rows > sizes[-1].rows:
        return math.log10(rows / max(sizes[-1].rows, 1))
    if rows < sizes[0].rows:
        return math.log10(sizes[0].rows / max(rows, 1))
    return 0.0
