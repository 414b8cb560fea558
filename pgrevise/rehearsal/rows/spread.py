"""Which row gets which value: an index for each dial, so that keys do not repeat. Pure.

A dial is what turns by itself: a slot whose maker was chosen, or a unit that has only a pool.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pgrevise.rehearsal.rows.model import Key
from pgrevise.rehearsal.rows.values import BIGGEST

ROW = "s.i"
_MASK = 2**63 - 1


@dataclass(frozen=True)
class Dial:
    """What can be turned. Each part is columns and how many different values they have together.

    None is without end. The parts of a unit with conditions turn together: these were tried so.
    """

    number: int
    parts: tuple[tuple[frozenset[int], int | None], ...]
    refers: bool = False

    def touches(self, key: Key) -> bool:
        """Whether the key holds some of its columns."""
        return any(columns & key.columns for columns, _ in self.parts)

    def capacity(self, key: Key | None = None) -> int:
        """How many values it has that differ in the key's columns, or at all."""
        return max(
            (
                BIGGEST if capacity is None else capacity
                for columns, capacity in self.parts
                if key is None or columns & key.columns
            ),
            default=1,
        )


@dataclass(frozen=True)
class Spread:
    """The SQL of each dial's index over the row number, from 0 on.

    ``free`` are the dials that no key holds: they may repeat, and be NULL. ``bounded`` tells, by
    the name of a key, how many rows it lets in at most.
    """

    indexes: Mapping[int, str]
    free: frozenset[int]
    bounded: Mapping[str, int]


def spread(
    dials: Sequence[Dial], keys: Sequence[Key], automatic: frozenset[int], last: int, seed: int
) -> Spread:
    """Turn the dials such that no key comes twice, as far as their values reach.

    ``automatic`` are columns that PostgreSQL numbers; ``last`` is the highest row number.
    """
    turned: dict[int, str] = {}
    bounded: dict[str, int] = {}
    for key in sorted(keys, key=lambda key: (len(key.columns), key.name)):
        if not key.columns or (key.columns & automatic and not key.computed):
            continue
        touching = [dial for dial in dials if dial.touches(key)]
        if any(turned.get(d.number) == ROW and d.capacity(key) > last for d in touching):
            continue
        open_ = [dial for dial in touching if dial.number not in turned]
        strong = [dial for dial in open_ if dial.capacity(key) > last]
        if strong:
            turned[min(strong, key=lambda dial: dial.refers).number] = ROW
            continue
        count = _odometer(open_, key, turned)
        if count <= last and not any(
            dial.number in turned for dial in touching if dial not in open_
        ):
            bounded[key.name] = count
    held = {dial.number for dial in dials if any(dial.touches(key) for key in keys)}
    for dial in dials:
        if dial.number not in turned:
            turned[dial.number] = _drawn(dial, last, seed)
    return Spread(turned, frozenset(dial.number for dial in dials) - held, bounded)


def _odometer(dials: Iterable[Dial], key: Key, turned: dict[int, str]) -> int:
    """Turn these together like the wheels of a counter; how many positions there are."""
    stride = 1
    for dial in sorted(dials, key=lambda dial: dial.capacity(key)):
        size = dial.capacity(key)
        turned[dial.number] = f"(({ROW} / {stride}) % {size})"
        stride = min(stride * size, BIGGEST)
    return stride


def _drawn(dial: Dial, last: int, seed: int) -> str:
    """By chance, but the same each time; some values come several times."""
    size = max(2, last * 2 // 3)
    size = max(1, min(size, dial.capacity()))
    salt = (seed * 1_000_003 + dial.number * 7919) & _MASK
    return f"((hashint8extended({ROW}, {salt}) & {_MASK}) % {size})"
