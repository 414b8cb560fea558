"""What has to be chosen together: a table's columns in slots, the slots in units. Pure.

A slot is one column, or the columns of foreign keys that overlap. A unit is the slots that the same
conditions speak of. Units do not depend on each other but through keys.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

from pgrevise.rehearsal.rows.model import Check, Column, ForeignKey, Table

#: How a foreign key is dealt with that cannot be set when the row is inserted: its columns are NULL
#: at first, or hold anything (it is deferred), or repeat the row's own key.
Late = Literal["null", "anything", "itself"]
_H = TypeVar("_H", bound=Hashable)


@dataclass(frozen=True)
class Slot:
    """Columns that get their values from one place.

    ``blank``: NULL for now. ``written``: false for what PostgreSQL numbers itself.
    ``placeholder``: anything will do, as long as it is not what comes later. ``same`` are pairs of
    columns: the second repeats the first.
    """

    columns: tuple[Column, ...]
    foreign_keys: tuple[ForeignKey, ...] = ()
    blank: bool = False
    written: bool = True
    placeholder: bool = False
    same: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Unit:
    """Slots and the conditions on them; ``generated`` are the columns computed from them."""

    slots: tuple[Slot, ...]
    checks: tuple[Check, ...] = ()
    leaves: tuple[Check, ...] = ()
    generated: tuple[Column, ...] = ()

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns, slot by slot."""
        return tuple(column for slot in self.slots for column in slot.columns)

    @property
    def numbers(self) -> frozenset[int]:
        """The numbers of the columns."""
        return frozenset(column.number for column in self.columns)


def units(table: Table, late: Mapping[str, Late]) -> list[Unit]:
    """The units of a table; ``late`` names the foreign keys that have to wait."""
    slots = _slots(table, late)
    conditions = _conditions(table)
    slot_of = {column.number: slot for slot in slots for column in slot.columns}
    together = _joined(
        slots, ([slot_of[number] for number in numbers] for _, numbers in conditions)
    )
    found = []
    for members in together:
        if not any(slot.written for slot in members):
            continue
        numbers = {column.number for slot in members for column in slot.columns}
        found.append(
            Unit(
                tuple(members),
                tuple(check for check, used in conditions if used & numbers),
                table.leaves if _inputs(table, _leaf_columns(table)) & numbers else (),
                tuple(
                    column
                    for column in table.columns
                    if column.generated and _inputs(table, [column.number]) & numbers
                ),
            )
        )
    return found


def _slots(table: Table, late: Mapping[str, Late]) -> list[Slot]:
    at_once = [
        key
        for key in table.foreign_keys
        if key.name not in late and not any(table.by_number[n].generated for n in key.columns)
    ]
    blank = {
        number
        for key in table.foreign_keys
        if late.get(key.name) == "null"
        for number in key.columns
        if not table.by_number[number].not_null
    }
    anything = {
        number
        for key in table.foreign_keys
        if late.get(key.name) == "anything"
        for number in key.columns
    }
    same = [
        pair
        for key in table.foreign_keys
        if late.get(key.name) == "itself"
        for pair in _own_key(table, key)
    ]
    referring = {number for key in at_once for number in key.columns}
    columns = [c for c in table.columns if not c.generated]
    groups = _joined(
        [column.number for column in columns],
        [*(key.columns for key in at_once), *same],
    )
    found = []
    for group in groups:
        members = set(group)
        used = tuple(key for key in at_once if members & set(key.columns))
        found.append(
            Slot(
                tuple(table.by_number[number] for number in group),
                tuple(used),
                bool(members & blank) and not members & referring,
                any(not table.by_number[n].automatic or n in referring for n in group),
                bool(members & anything) and not members & referring,
                tuple(pair for pair in same if pair[0] in members),
            )
        )
    return found


def _own_key(table: Table, key: ForeignKey) -> Iterable[tuple[int, int]]:
    by_name = {column.sql: column.number for column in table.columns}
    return [
        (by_name[name], number) for name, number in zip(key.referenced, key.columns, strict=True)
    ]


def _conditions(table: Table) -> list[tuple[Check, set[int]]]:
    """All that a row must meet by itself, each with the columns it comes from in the end."""
    # What speaks of the system's columns cannot be asked before the row is there.
    conditions = [check for check in table.checks if min(check.columns, default=0) >= 0]
    if table.leaves:
        whole = " OR ".join(f"({leaf.expression})" for leaf in table.leaves)
        conditions.append(
            Check(
                name=table.name,
                expression=whole,
                columns=_leaf_columns(table),
                what="partitions",
            )
        )
    # What a generated column gives is of no interest, but that it fails, or is NULL.
    conditions += [
        Check(
            name=column.name,
            expression=f"({column.sql} IS NULL) IS {'FALSE' if column.not_null else 'NOT NULL'}",
            columns=(column.number,),
            what="generated column",
        )
        for column in table.columns
        if column.generated and column.inputs
    ]
    found = ((check, _inputs(table, check.columns)) for check in conditions)
    return [(check, used) for check, used in found if used]


def _leaf_columns(table: Table) -> tuple[int, ...]:
    return tuple(sorted({number for leaf in table.leaves for number in leaf.columns}))


def _inputs(table: Table, numbers: Iterable[int]) -> set[int]:
    """The columns that these come from: generated ones replaced by what they are made of."""
    found: set[int] = set()
    for number in numbers:
        if number == 0:
            found |= {column.number for column in table.columns if not column.generated}
            continue
        column = table.by_number[number]
        found |= set(column.inputs) if column.generated else {number}
    return found


def _joined(members: Iterable[_H], links: Iterable[Iterable[_H]]) -> list[list[_H]]:
    """The members in groups: what is linked, directly or not, is in one. Order is kept."""
    group_of: dict[_H, list[_H]] = {member: [member] for member in members}
    for link in links:
        groups = list({id(group_of[member]): group_of[member] for member in link}.values())
        whole = [member for group in groups for member in group]
        for member in whole:
            group_of[member] = whole
    return list({id(group): group for group in group_of.values()}.values())
