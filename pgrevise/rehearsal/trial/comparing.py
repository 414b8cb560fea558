"""What became of the values of a table: rows of before beside those of now. Pure.

Rows are told apart by a key that both have; where none is left, a column is a bag of values, and
what is not in it any more is counted. Columns are the same when they are the same column, whatever
it is called now, or else of the same name. Values are text, as PostgreSQL prints them; where a
column's type has changed, the same number, moment or document is the same value.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Literal

from pgrevise.rehearsal.trial.facts import Loss

Text = str | None
Row = tuple[Text, ...]
At = Literal["upgrade", "downgrade"]

#: Longer examples are cut.
_WIDTH = 60
_NUMBERS = frozenset({"smallint", "integer", "bigint", "numeric", "real", "double precision"})
_MOMENTS = frozenset({"date", "timestamp without time zone", "timestamp with time zone"})
_DOCUMENTS = frozenset({"json", "jsonb"})
_MODIFIER = re.compile(r"\([^)]*\)")


@dataclass(frozen=True)
class Column:
    """A column: ``number`` stays the same when it is renamed."""

    number: int
    name: str
    type: str


@dataclass(frozen=True)
class Kept:
    """A table with its rows. ``keys`` are the numbers of the columns that tell rows apart."""

    oid: int
    table: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    keys: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True)
class _Pair:
    """A column of before with its place in a row of now, and what makes their values comparable."""

    column: Column
    was: int
    now: int
    plain: Callable[[str], object]

    def same(self, was: Text, now: Text) -> bool:
        if was is None or now is None:
            return was is now
        return was == now or self.plain(was) == self.plain(now)

    def comparable(self, value: Text) -> object:
        return None if value is None else self.plain(value)


def losses(was: Kept, now: Kept | None, at: At, *, is_final: bool) -> tuple[Loss, ...]:
    """What of ``was`` is not the same in ``now``, which is None when the table is gone.

    A column or table that is gone only counts with ``is_final``, when nothing will bring it back.
    """
    if now is None:
        there = len(was.rows)
        is_lost = is_final and there
        return (Loss(was.table, "", "rows lost", at, there, there),) if is_lost else ()
    pairs = tuple(_pairs(was, now))
    found = list(_gone(was, {pair.was for pair in pairs}, at)) if is_final else []
    if pairs:
        keyed = _by_key(was, now, pairs)
        found += _of_rows(keyed, at, was) if keyed else _of_bags(was, now, pairs, at)
    return tuple(found)


def _pairs(was: Kept, now: Kept) -> Iterator[_Pair]:
    """The columns that are still there, under whatever name."""
    numbers = {column.number: place for place, column in enumerate(now.columns)}
    names = {column.name: place for place, column in enumerate(now.columns)}
    for place, column in enumerate(was.columns):
        there = numbers.get(column.number) if was.oid == now.oid else None
        there = names.get(column.name) if there is None else there
        if there is not None:
            became = now.columns[there].type
            yield _Pair(column, place, there, _plain(column.type, became))


def _gone(was: Kept, surviving: set[int], at: At) -> Iterator[Loss]:
    """Columns that are there no more, and had values."""
    for place, column in enumerate(was.columns):
        values = [row[place] for row in was.rows if row[place] is not None]
        if place not in surviving and values:
            example, of = _cut(values[0]), len(was.rows)
            yield Loss(was.table, column.name, "lost", at, len(values), of, example, None)


@dataclass(frozen=True)
class _Keyed:
    """Rows of before and of now that have the same key, and how many have none."""

    pairs: tuple[_Pair, ...]
    both: tuple[tuple[Row, Row], ...]
    lost: tuple[Row, ...]
    added: tuple[Row, ...]


def _by_key(was: Kept, now: Kept, pairs: Sequence[_Pair]) -> _Keyed | None:
    """The rows side by side, by the first key that both have; None when there is none."""
    by_number = {pair.column.number: pair for pair in pairs}
    for key in was.keys:
        if not by_number.keys() >= set(key):
            continue
        of_key = [by_number[number] for number in key]
        old = {tuple(p.comparable(row[p.was]) for p in of_key): row for row in was.rows}
        new = {tuple(p.comparable(row[p.now]) for p in of_key): row for row in now.rows}
        common = old.keys() & new.keys()
        # Keys that are all others were changed: they tell nothing about which row is which.
        if len(new) != len(now.rows) or (old and new and not common):
            continue
        return _Keyed(
            tuple(pairs),
            tuple((row, new[k]) for k, row in old.items() if k in common),
            tuple(row for k, row in old.items() if k not in common),
            tuple(row for k, row in new.items() if k not in common),
        )
    return None


def _of_rows(keyed: _Keyed, at: At, was: Kept) -> Iterator[Loss]:
    of = len(was.rows)
    if keyed.lost:
        yield Loss(was.table, "", "rows lost", at, len(keyed.lost), of, _row(keyed.lost[0]), None)
    if keyed.added:
        yield Loss(
            was.table, "", "rows added", at, len(keyed.added), of, None, _row(keyed.added[0])
        )
    for pair in keyed.pairs:
        values = [(old[pair.was], new[pair.now]) for old, new in keyed.both]
        others = [(old, new) for old, new in values if not pair.same(old, new)]
        yield from _of_values(was, pair.column.name, others, at)


def _of_values(was: Kept, name: str, others: Sequence[tuple[Text, Text]], at: At) -> Iterator[Loss]:
    lost = [(old, new) for old, new in others if new is None]
    changed = [(old, new) for old, new in others if new is not None]
    of = len(was.rows)
    if lost:
        yield Loss(was.table, name, "lost", at, len(lost), of, _cut(lost[0][0]), None)
    if changed:
        example = _cut(changed[0][0]), _cut(changed[0][1])
        yield Loss(was.table, name, "changed", at, len(changed), of, *example)


def _of_bags(was: Kept, now: Kept, pairs: Sequence[_Pair], at: At) -> Iterator[Loss]:
    """Without a key: how many rows there are, and how many values of a column are gone."""
    of, fewer = len(was.rows), len(was.rows) - len(now.rows)
    if fewer > 0:
        yield Loss(was.table, "", "rows lost", at, fewer, of)
    elif fewer < 0:
        yield Loss(was.table, "", "rows added", at, -fewer, of)
    for pair in pairs:
        old = [(pair.comparable(row[pair.was]), row[pair.was]) for row in was.rows]
        new = [(pair.comparable(row[pair.now]), row[pair.now]) for row in now.rows]
        gone, come = _beyond(old, new), _beyond(new, old)
        # Rows that are gone took their values along, and new ones brought some.
        count = len(gone) - max(0, fewer)
        if count <= 0:
            continue
        become = come[: len(gone)] + [None] * (len(gone) - len(come))
        yield from _of_values(
            was, pair.column.name, list(zip(gone, become, strict=True))[:count], at
        )


def _beyond(
    these: Sequence[tuple[object, Text]], those: Sequence[tuple[object, Text]]
) -> list[Text]:
    """The values of the first that the second has not as often."""
    left = Counter(plain for plain, _ in those)
    found = []
    for plain, value in these:
        if left[plain]:
            left[plain] -= 1
        else:
            found.append(value)
    return found


def _plain(was: str, now: str) -> Callable[[str], object]:
    """What makes values of two types comparable: nothing when they are one type."""
    if was == now:
        return str
    kinds = {_MODIFIER.sub("", was).strip(), _MODIFIER.sub("", now).strip()}
    if kinds <= _NUMBERS:
        return _number
    if kinds <= _MOMENTS:
        return _moment
    return _document if kinds & _DOCUMENTS else str


def _number(value: str) -> object:
    try:
        number = Decimal(value)
    except InvalidOperation:
        return value
    return number if number.is_finite() else value


def _moment(value: str) -> object:
    if " " not in value and value[:1].isdigit():
        return f"{value} 00:00:00"
    return value.replace("+00 BC", " BC").removesuffix("+00")


def _document(value: str) -> object:
    try:
        return json.dumps(json.loads(value), sort_keys=True)
    except ValueError:
        return value


def _row(row: Row) -> str:
    return _cut("(" + ", ".join("NULL" if value is None else value for value in row) + ")") or ""


def _cut(value: Text) -> Text:
    return value if value is None or len(value) <= _WIDTH else value[: _WIDTH - 1] + "…"
