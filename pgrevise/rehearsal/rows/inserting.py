"""Running a plan: as few statements as possible, and smaller ones around what is refused.

Rows are refused by triggers, by conditions that a plan does not see, by keys. What a refused
statement costs is limited: after so many refusals in a row nothing more is tried.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import psycopg

from pgrevise.rehearsal.rows.asking import Server
from pgrevise.rehearsal.rows.composing import Plan, Pooled, insert

_MOST_REFUSALS = 60
_MOST_BARREN = 100
_MOST_PER_STATEMENT = 5_000_000
_LARGER = 8


@dataclass
class Inserted:
    """What came of a plan: how many rows, at which offsets those from pools, what was refused."""

    rows: int = 0
    pooled: list[tuple[int, frozenset[int]]] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)
    passed_over: int = 0
    next_row: int = 0

    def refused(self, error: psycopg.Error) -> None:
        """Remember why."""
        self.refusals[reason(error)] += 1


def run(server: Server, plan: Plan, wanted: int, first: int) -> Inserted:
    """Insert rows numbered from ``first`` on: ordinary ones, then those that show special values.

    What the special ones lose to keys and refusals is made up with ordinary ones.
    """
    done = Inserted(next_row=first)
    special = min(wanted, plan.longest_pool)
    _ordinary(server, plan, wanted - special, done)
    if special:
        _special(server, plan, special, done)
    if done.rows < wanted:
        _ordinary(server, plan, wanted - done.rows, done)
    return done


def _ordinary(server: Server, plan: Plan, missing: int, done: Inserted) -> None:
    """Insert so many more rows, in pieces that shrink when refused and grow when taken."""
    size = _MOST_PER_STATEMENT
    refusals = barren = 0
    skip = not plan.keys_apart
    while missing > 0 and refusals < _MOST_REFUSALS and barren < _MOST_BARREN:
        count = min(size, max(1, int(missing / plan.share)))
        first = done.next_row
        answer = server.write(insert(plan, first, first + count - 1, skip=skip, most=missing))
        if isinstance(answer, int):
            done.rows += answer
            done.passed_over += count - answer
            missing -= answer
            done.next_row += count
            size = min(size * _LARGER, _MOST_PER_STATEMENT)
            barren = 0 if answer else barren + count
            refusals = 0 if answer else refusals
        elif not skip:
            skip = True
        elif count > 1:
            size = max(1, count // (_LARGER * 2))
        else:
            done.refused(answer)
            done.next_row += 1
            refusals += 1


def _special(server: Server, plan: Plan, count: int, done: Inserted) -> None:
    """Insert rows from the pools; what is refused is tried again with fewer units from pools."""
    everything = frozenset(range(len(plan.choices)))
    free = everything & plan.spread.free
    base = done.next_row
    done.next_row += count
    refused = _tries(server, plan, Pooled(everything, base), range(count), done)
    if free and free != everything:
        refused = _tries(server, plan, Pooled(free, base), refused, done)
    if len(everything) > 1:
        for number in sorted(everything):
            left = [at for at in refused if at < len(plan.choices[number].pool)]
            room = count - sum(1 for _ in done.pooled)
            _tries(server, plan, Pooled(frozenset((number,)), base), left[: max(room, 0)], done)
    # Their numbers were passed over; ordinary rows of these keep keys apart as planned.
    _tries(server, plan, Pooled(frozenset(), base), refused[: count - len(done.pooled)], done)


def _tries(
    server: Server, plan: Plan, pooled: Pooled, offsets: range | list[int], done: Inserted
) -> list[int]:
    """Insert the rows at these offsets, halving where not all are taken; which were not."""
    refused: list[int] = []
    left = [list(offsets)] if offsets else []
    while left:
        some = left.pop()
        whole = some[-1] - some[0] + 1 == len(some)
        if not whole:
            left += [[at] for at in reversed(some)]
            continue
        first = pooled.first + some[0]
        text = insert(plan, first, first + len(some) - 1, pooled)
        answer = server.write(text, len(some))
        if answer == len(some):
            done.rows += len(some)
            done.pooled += [(at, pooled.units) for at in some]
        elif len(some) > 1:
            middle = len(some) // 2
            left += [some[middle:], some[:middle]]
        else:
            refused.append(some[0])
            if isinstance(answer, int):
                done.passed_over += 1
            else:
                done.refused(answer)
    return refused


def reason(error: psycopg.Error) -> str:
    """What the server said, on one line, and which trigger's function said it."""
    diag = error.diag
    words = (diag.message_primary or str(error)).strip().rstrip(".")
    if diag.context and "PL/" in diag.context:
        words += f" (said by {diag.context.splitlines()[-1].strip()})"
    return words
