"""Where moments stand on a timeline: in proportion, but never so close that order is lost.

Pure arithmetic. A rehearsal on empty tables has statements of microseconds beside waits of
seconds: each stretch between two moments gets a least width, the rest is shared in proportion.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import pairwise

_ROUND = 6
#: So many pixels at least between two moments, while there is room for that.
LEAST_WIDTH = 9.0
#: At most this part of the width is given to stretches that would be narrower.
MOST_STRETCHED = 0.6
_STEPS = (1, 2, 5)


class Scale:
    """From seconds to pixels, for the moments of one passage between two edges."""

    def __init__(
        self, moments: Iterable[float], left: float, right: float, origin: float = 0.0
    ) -> None:
        self._origin = origin
        known = sorted({round(max(0.0, m - origin), _ROUND) for m in moments} | {0.0})
        if len(known) == 1:
            known.append(known[0] + 10**-_ROUND)
        self._moments = known
        self.left, self.right = left, right
        spans = [after - before for before, after in pairwise(known)]
        widths, self._is_stretched = _widths(spans, right - left)
        self._places = [left]
        for width in widths:
            self._places.append(self._places[-1] + width)

    @property
    def end(self) -> float:
        """The last moment, in seconds from the origin."""
        return self._moments[-1]

    def at(self, moment: float) -> float:
        """Where a moment stands; what lies outside stands at the edge."""
        return self.after(moment - self._origin)

    def after(self, seconds: float) -> float:
        """Where that many seconds after the origin stand."""
        inside = min(max(seconds, 0.0), self.end)
        place = min(bisect_right(self._moments, inside), len(self._moments) - 1)
        before, after = self._moments[place - 1], self._moments[place]
        part = (inside - before) / (after - before)
        return self._places[place - 1] + part * (self._places[place] - self._places[place - 1])

    def stretched(self) -> list[tuple[float, float]]:
        """The pieces, from pixel to pixel, that are wider than in proportion."""
        found: list[tuple[float, float]] = []
        for place, is_stretched in enumerate(self._is_stretched):
            if not is_stretched:
                continue
            piece = (self._places[place], self._places[place + 1])
            if found and found[-1][1] == piece[0]:
                found[-1] = (found[-1][0], piece[1])
            else:
                found.append(piece)
        return found

    def ticks(self, apart: float) -> list[float]:
        """Round times after the origin to write at the axis, so many pixels apart; 0 first."""
        step = _round_step(self.end / 8)
        kept = [0.0]
        for number in range(1, int(self.end / step) + 1):
            moment = number * step
            is_free = self.after(moment) - self.after(kept[-1]) >= apart
            if is_free and self.after(moment) <= self.right - 1.5 * apart:
                kept.append(moment)
        return kept


def _widths(spans: list[float], room: float) -> tuple[list[float], list[bool]]:
    """How wide each stretch is, and whether it is wider than in proportion."""
    least = min(LEAST_WIDTH, MOST_STRETCHED * room / len(spans))
    total = sum(spans)
    is_stretched = [False] * len(spans)
    while True:
        free = room - least * sum(is_stretched)
        shared = sum(s for s, narrow in zip(spans, is_stretched, strict=True) if not narrow)
        widths = [
            least if narrow else free * span / (shared or total)
            for span, narrow in zip(spans, is_stretched, strict=True)
        ]
        narrower = [w < least and not n for w, n in zip(widths, is_stretched, strict=True)]
        if not any(narrower):
            return widths, is_stretched
        is_stretched = [n or w for n, w in zip(is_stretched, narrower, strict=True)]


def _round_step(rough: float) -> float:
    """The next of 1, 2, 5, 10, … above, in the same unit."""
    power = 1e-6
    while True:
        for step in _STEPS:
            if step * power >= rough:
                return step * power
        power *= 10
