"""What released code can be tried with: its mapped classes, and its tables without one.

Only the models are asked here, by what SQLAlchemy has public since 1.4; a database is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table
from sqlalchemy.schema import Sequence as DatabaseSequence


@dataclass(frozen=True)
class Subject:
    """A mapped class, or a table of the metadata that none is mapped to.

    ``read`` are the columns and expressions of a select, from ``source``. ``table`` is what is
    written: None for what is mapped to no table. ``columns`` are those of it that the class knows,
    ``key`` those that tell a row; ``kind`` is the column and the value that say that a row is of
    this class, when others share its table.
    """

    mapped: str
    source: Any
    read: tuple[Any, ...]
    table: Any = None
    columns: tuple[Any, ...] = ()
    key: tuple[Any, ...] = ()
    kind: tuple[Any, Any] | None = None

    @property
    def given(self) -> tuple[Any, ...]:
        """The columns that an insert may name."""
        return tuple(column for column in self.columns if not _is_made_by_the_server(column))

    @property
    def left_to_the_server(self) -> tuple[Any, ...]:
        """The columns that an object without a value for them leaves out of its insert."""
        serial = self.table.primary_key._autoincrement_column  # public from 2.0.4 on only
        return tuple(
            column
            for column in self.columns
            if column.server_default is not None
            or column is serial
            or isinstance(column.default, DatabaseSequence)
        )

    @property
    def changed(self) -> tuple[Any, ...]:
        """The columns that an update sets: all but the key, or the key where that is all."""
        plain = tuple(column for column in self.given if column not in set(self.key))
        return plain or self.given


def subjects(mappers: Sequence[Any], metadatas: Sequence[Any]) -> list[Subject]:
    """Each mapped class, and each table that belongs to none, by name."""
    found = {_name(mapper.class_): _of_mapper(mapper) for mapper in mappers}
    mapped = {id(table) for mapper in mappers for table in mapper.tables}
    for metadata in metadatas:
        for key, table in metadata.tables.items() if metadata is not None else ():
            if id(table) not in mapped:
                found.setdefault(f"metadata.tables[{key!r}]", _of_table(key, table))
    return [found[name] for name in sorted(found)]


def _of_mapper(mapper: Any) -> Subject:
    name = _name(mapper.class_)
    read = tuple(column for attribute in mapper.column_attrs for column in attribute.columns)
    table = mapper.local_table
    if not isinstance(table, Table):
        return Subject(name, mapper.persist_selectable, read)
    own = tuple(dict.fromkeys(column for column in read if getattr(column, "table", None) is table))
    key = tuple(table.primary_key.columns) or tuple(
        column for column in mapper.primary_key if column.table is table
    )
    kind = None
    told = mapper.polymorphic_on
    if getattr(told, "table", None) is table and mapper.polymorphic_identity is not None:
        kind = (told, mapper.polymorphic_identity)
    return Subject(name, mapper.persist_selectable, read, table, own, key or own, kind)


def _of_table(key: str, table: Any) -> Subject:
    columns = tuple(table.columns)
    rows = tuple(table.primary_key.columns) or columns
    return Subject(f"metadata.tables[{key!r}]", table, columns, table, columns, rows)


def _is_made_by_the_server(column: Any) -> bool:
    """Whether PostgreSQL refuses a value: GENERATED ALWAYS, of both kinds."""
    identity = getattr(column, "identity", None)
    return column.computed is not None or (identity is not None and bool(identity.always))


def _name(mapped: type) -> str:
    return f"{mapped.__module__}.{mapped.__qualname__}"
