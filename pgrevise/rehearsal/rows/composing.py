"""The statements that insert rows, composed from the choices for a table's units. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pgrevise.rehearsal.rows.asking import statement
from pgrevise.rehearsal.rows.model import Check, Column, Row, Table
from pgrevise.rehearsal.rows.search import Choice
from pgrevise.rehearsal.rows.spread import ROW, Dial, Spread
from pgrevise.rehearsal.rows.values import quoted

_NULL_EVERY = 9


@dataclass(frozen=True)
class Plan:
    """Everything that is decided about a table's rows. A unit's dial has the unit's number."""

    table: Table
    choices: tuple[Choice, ...]
    spread: Spread

    @property
    def share(self) -> float:
        """The share of row numbers whose rows meet the conditions."""
        share = 1.0
        for choice in self.choices:
            share *= choice.share
        return share

    @property
    def keys_apart(self) -> bool:
        """Whether ordinary rows should not repeat each other's keys."""
        odd = any(key.computed or key.exclusion for key in self.table.keys)
        return not odd and not self.spread.bounded

    @property
    def longest_pool(self) -> int:
        """How many rows it takes to show all values of all pools."""
        return max((len(choice.pool) for choice in self.choices), default=0)


def dials_of(choices: Sequence[Choice]) -> tuple[Dial, ...]:
    """What can be turned: each unit, as far as its makers reach, or else its pool."""
    found = []
    for number, choice in enumerate(choices):
        parts = tuple(
            (frozenset(column.number for column in slot.columns), maker.capacity)
            for slot, maker in zip(choice.unit.slots, choice.makers, strict=False)
            if maker.varied
        )
        refers = any(maker.keys for maker in choice.makers)
        found.append(Dial(number, parts or ((choice.unit.numbers, len(choice.pool)),), refers))
    return tuple(found)


@dataclass(frozen=True)
class Pooled:
    """Which units take their values from their pools, and from which row number on."""

    units: frozenset[int]
    first: int


def insert(
    plan: Plan,
    first: int,
    last: int,
    pooled: Pooled | None = None,
    *,
    skip: bool = True,
    most: int = 0,
) -> str:
    """The statement for the rows of these numbers, ``most`` of them where some are left out.

    ``skip`` passes over rows whose keys are there already, which costs more than half the time.
    """
    columns: list[Column] = []
    values: list[str] = []
    lookups: list[str] = []
    for number, choice in enumerate(plan.choices):
        made, looked = _made(plan, number)
        lookups += looked
        if pooled and number in pooled.units and choice.pool:
            made = _from_pool(plan, number, made, pooled.first)
        written = [slot.written for slot in choice.unit.slots for _ in slot.columns]
        for column, value, kept in zip(choice.unit.columns, made, written, strict=True):
            if kept:
                columns.append(column)
                values.append(f"({value})::{column.type_sql} AS {column.sql}")
    table = plan.table
    if not columns:
        return statement("insert_default", table=table.sql)
    parts: dict[str, object] = {
        "table": table.sql,
        "columns": ", ".join(column.sql for column in columns),
        "overriding": "OVERRIDING SYSTEM VALUE" if any(c.always for c in columns) else "",
        "values": ", ".join(values),
        "first": first,
        "last": last,
        "lookups": " ".join(lookups),
        "conflict": "ON CONFLICT DO NOTHING" if skip and skips_conflicts(table) else "",
    }
    checks = _filters(plan, columns) if plan.share < 1 and not pooled else []
    if not checks:
        return statement("insert", **parts)
    there = {column.number for column in columns}
    generated = [c for c in table.columns if c.generated and set(c.inputs) <= there]
    return statement(
        "insert_some",
        **parts,
        bare=table.bare,
        most=most or last - first + 1,
        generated="".join(f", ({c.generated})::{c.type_sql} AS {c.sql}" for c in generated),
        conditions=" AND ".join(f"({check.expression}) IS NOT FALSE" for check in checks),
    )


def skips_conflicts(table: Table) -> bool:
    """Whether rows whose keys are there already can be passed over by the server."""
    return bool(table.keys) and all(key.immediate for key in table.keys) and not table.rules


def _filters(plan: Plan, columns: Sequence[Column]) -> list[Check]:
    """The conditions that makers do not always meet, if they speak of written columns only."""
    there = {column.number for column in columns}
    return [
        check
        for choice in plan.choices
        if choice.share < 1 and choice.unit.numbers <= there
        for check in choice.unit.checks
    ]


def _made(plan: Plan, number: int) -> tuple[list[str], list[str]]:
    """The values of a unit, column by column, and the tables of keys to look into."""
    choice, index = plan.choices[number], plan.spread.indexes[number]
    if not choice.makers:
        at = f"{index} % {max(len(choice.pool), 1)}"
        return [_pick(column, at) for column in _columns_of(choice.pool, choice)], []
    values: list[str] = []
    lookups: list[str] = []
    for maker in choice.makers:
        if maker.keys:
            lookups.append(
                statement("lookup", name=maker.keys, index=f"({index}) % {maker.capacity}")
            )
            values += maker.expressions
        else:
            values += [expression.replace("{i}", index) for expression in maker.expressions]
    return _sometimes_null(plan, number, values), lookups


def _sometimes_null(plan: Plan, number: int, values: list[str]) -> list[str]:
    """NULL in every ninth row where nothing speaks against it."""
    choice = plan.choices[number]
    columns = choice.unit.columns
    allowed = (None,) * len(columns) in choice.pool and not choice.hinted
    if choice.unit.checks or not allowed or number not in plan.spread.free:
        return values
    test = f"{ROW} % {_NULL_EVERY} = {number % _NULL_EVERY}"
    return [f"CASE WHEN {test} THEN NULL ELSE {value} END" for value in values]


def _columns_of(rows: Sequence[Row], choice: Choice) -> list[Row]:
    return [tuple(row[at] for row in rows) for at in range(len(choice.unit.columns))]


def _pick(texts: Row, index: str) -> str:
    listed = ", ".join("NULL" if text is None else quoted(text) for text in texts)
    return f"(ARRAY[{listed}]::text[])[(1 + {index})::int]"


def pool_position(plan: Plan, number: int, offset: int) -> int | None:
    """Which row of its pool a unit shows in the row ``offset`` after the first pooled one.

    Where a key holds the unit each is shown once: None from then on.
    """
    size = len(plan.choices[number].pool)
    held = number not in plan.spread.free
    if not size or (held and offset >= size):
        return None
    return (offset + 3 * number) % size


def _from_pool(plan: Plan, number: int, made: list[str], first: int) -> list[str]:
    choice = plan.choices[number]
    size = len(choice.pool)
    held = number not in plan.spread.free
    index = f"({ROW} - {first} + {3 * number}) % {size}"
    texts = _columns_of(choice.pool, choice)
    values = []
    for column, texts_, value in zip(choice.unit.columns, texts, made, strict=True):
        picked = f"({_pick(texts_, index)})::{column.type_sql}"
        if held:
            picked = (
                f"CASE WHEN {ROW} - {first} < {size} THEN {picked} "
                f"ELSE ({value})::{column.type_sql} END"
            )
        values.append(picked)
    return values
