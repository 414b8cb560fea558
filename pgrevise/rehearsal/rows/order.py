"""In which order tables are filled, and which foreign keys have to wait for a second step. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pgrevise.rehearsal.rows.model import ForeignKey, Table
from pgrevise.rehearsal.rows.units import Late


@dataclass(frozen=True)
class Order:
    """Tables in the order to fill them; for each, by name, the foreign keys that wait and how."""

    tables: tuple[int, ...]
    late: Mapping[int, Mapping[str, Late]]
    stuck: Mapping[int, str]


def order(tables: Mapping[int, Table], wanted: Iterable[int]) -> Order:
    """Referenced tables first; a circle is opened at a foreign key that can wait.

    ``stuck`` gives, for tables in a circle that cannot be opened, the names of it.
    """
    left = sorted(wanted)
    late: dict[int, dict[str, Late]] = {oid: _own(tables[oid]) for oid in left}
    stuck: dict[int, str] = {}
    done: list[int] = []
    while left:
        free = [oid for oid in left if not _waits_for(tables[oid], late[oid], left)]
        if free:
            done += free
            left = [oid for oid in left if oid not in free]
            continue
        opened = _opened(tables, late, left)
        if opened is None:
            stuck |= {oid: _circle(tables, late, oid, left) for oid in left}
            break
        key, how = opened
        late[key.table][key.name] = how
    return Order(tuple(done), late, stuck)


def how_it_can_wait(table: Table, key: ForeignKey) -> Late | None:
    """How a foreign key can be left for later; None if it cannot."""
    if any(not table.by_number[number].not_null for number in key.columns):
        return "null"
    return "anything" if key.deferrable else None


def _own(table: Table) -> dict[str, Late]:
    """References of a table to itself always wait."""
    return {
        key.name: how_it_can_wait(table, key) or "itself"
        for key in table.foreign_keys
        if key.target == table.oid
    }


def _waits_for(table: Table, late: Mapping[str, Late], left: list[int]) -> list[ForeignKey]:
    return [key for key in table.foreign_keys if key.name not in late and key.target in left]


def _opened(
    tables: Mapping[int, Table], late: Mapping[int, Mapping[str, Late]], left: list[int]
) -> tuple[ForeignKey, Late] | None:
    """The foreign key to put off: one that may be NULL rather than one that is deferred."""
    found: list[tuple[ForeignKey, Late]] = []
    for oid in left:
        for key in _waits_for(tables[oid], late[oid], left):
            how = how_it_can_wait(tables[oid], key)
            if how and _reaches(tables, late, left, key.target, oid):
                found.append((key, how))
    found.sort(key=lambda pair: (pair[1] != "null", tables[pair[0].table].label, pair[0].name))
    return found[0] if found else None


def _reaches(
    tables: Mapping[int, Table],
    late: Mapping[int, Mapping[str, Late]],
    left: list[int],
    start: int,
    goal: int,
) -> bool:
    seen, open_ = {start}, [start]
    while open_:
        oid = open_.pop()
        if oid == goal:
            return True
        for key in _waits_for(tables[oid], late[oid], left):
            if key.target not in seen:
                seen.add(key.target)
                open_.append(key.target)
    return False


def _circle(
    tables: Mapping[int, Table], late: Mapping[int, Mapping[str, Late]], oid: int, left: list[int]
) -> str:
    keys = _waits_for(tables[oid], late[oid], left)
    return ", ".join(f"{key.name} to {tables[key.target].label}" for key in keys)
