"""What the generator knows of a schema, and what it tells when it is done.

Frozen data only. Tables, columns and types are read by `reader`; `Filled` is made by `filling`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

Text = str | None
Row = tuple[Text, ...]


@dataclass(frozen=True, kw_only=True)
class Type:
    """A type and what it is made of. ``sql`` is its qualified name, without a modifier."""

    oid: int
    name: str
    sql: str
    kind: str
    category: str
    not_null: bool
    base: int
    base_typmod: int
    element: int
    subtype: int
    labels: tuple[str, ...]
    fields: tuple[tuple[int, int], ...]
    checks: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column. ``automatic``: numbered by PostgreSQL. ``inputs`` feed a generated column."""

    number: int
    name: str
    sql: str
    type: int
    typmod: int
    type_sql: str
    not_null: bool
    automatic: bool
    always: bool
    generated: str | None
    inputs: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Check:
    """A condition on the columns of one row, as the server writes it.

    Column 0 is the whole row, those below are the system's. ``bodies``: of functions it calls.
    """

    name: str
    expression: str
    columns: tuple[int, ...]
    bodies: tuple[str, ...] = ()
    what: str = "check"


@dataclass(frozen=True, kw_only=True)
class Key:
    """What may not be there twice: a unique index or an exclusion constraint."""

    name: str
    columns: frozenset[int]
    expressions: tuple[str, ...]
    computed: bool
    predicate: str | None
    immediate: bool
    exclusion: bool


@dataclass(frozen=True, kw_only=True)
class ForeignKey:
    """Columns that repeat the key of a row elsewhere. ``referenced`` are names, quoted."""

    name: str
    table: int
    target: int
    columns: tuple[int, ...]
    referenced: tuple[str, ...]
    deferrable: bool


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table with all that limits its rows. ``leaves`` are its partitions' conditions."""

    oid: int
    schema: str
    name: str
    label: str
    sql: str
    bare: str
    rules: bool
    columns: tuple[Column, ...]
    checks: tuple[Check, ...]
    leaves: tuple[Check, ...]
    keys: tuple[Key, ...]
    foreign_keys: tuple[ForeignKey, ...]

    @cached_property
    def by_number(self) -> dict[int, Column]:
        """The columns by their numbers."""
        return {column.number: column for column in self.columns}


@dataclass(frozen=True)
class Schema:
    """Tables by their oids, the wanted ones among them, and the types of their columns.

    ``not_tables`` are names that were asked for and cannot be filled, each with the reason.
    """

    tables: Mapping[int, Table]
    wanted: tuple[int, ...]
    types: Mapping[int, Type]
    not_tables: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class ColumnFilled:
    """What a column holds: the special values of its type that are there, NULLs, duplicates."""

    name: str
    specials: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()
    nulls: bool = False
    duplicates: bool = False


@dataclass(frozen=True, kw_only=True)
class TableFilled:
    """The rows that were added to one table; ``short`` says why they are fewer than wanted."""

    name: str
    rows: int
    wanted: int
    seconds: float
    columns: tuple[ColumnFilled, ...] = ()
    short: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Filled:
    """What `fill` did, table by table. ``unfilled`` gives a reason for each table without rows."""

    tables: Mapping[str, TableFilled] = field(default_factory=dict)
    unfilled: Mapping[str, Unfillable] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """How many rows were added in all."""
        return sum(table.rows for table in self.tables.values())


@dataclass(frozen=True)
class Unfillable:
    """Why a table got no rows, in words, and the next step (most often the hint that helps)."""

    table: str
    reason: str
    next_step: str

    def __str__(self) -> str:
        return f"{self.table}: {self.reason} {self.next_step}"
