"""Foreign keys taken apart, and the indexes that serve them. Pure.

The definition of a foreign key is the server's own rendering; its names are read as the server
quotes them and given as a catalog writes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pgrevise.catalog.model import Catalog, Entry

_NAME = r'(?:"(?:[^"]|"")*"|[^\s",().]+)'
_PATH = rf"{_NAME}(?:\.{_NAME})*"
_LIST = rf"{_NAME}(?:, {_NAME})*"
_FOREIGN_KEY = re.compile(
    rf"FOREIGN KEY \((?P<columns>{_LIST})(?:, PERIOD {_NAME})?\) "
    rf"REFERENCES (?P<table>{_PATH})\((?P<referenced>{_LIST})"
)
_NAMES = re.compile(_NAME)
_PLAIN = re.compile(r"[\w$]+")
#: What follows a key that is more than its column: an operator class, an order.
_KEY = re.compile(rf"(?P<name>{_NAME})(?: .*)?", re.DOTALL)


@dataclass(frozen=True)
class ForeignKey:
    """A foreign key: ``columns`` of ``table`` refer to ``referenced`` of ``target``.

    Names are written as in a catalog; columns are bare.
    """

    entry: Entry
    table: str
    columns: tuple[str, ...]
    target: str
    referenced: tuple[str, ...]


def foreign_keys(entries: Iterable[Entry]) -> Iterator[ForeignKey]:
    """The foreign keys among these entries, but for those that come with a partitioned table."""
    for entry in entries:
        if entry.kind != "constraint" or entry.facts.get("type") != "foreign key":
            continue
        found = _FOREIGN_KEY.match(str(entry.facts.get("definition", "")))
        if found and entry.parent and not entry.facts.get("inherited only"):
            target = ".".join(_written(name) for name in _bare(found["table"]))
            yield ForeignKey(
                entry,
                entry.parent[1],
                _bare(found["columns"]),
                target,
                _bare(found["referenced"]),
            )


def index_keys(index: Entry) -> tuple[str | None, ...]:
    """The columns of an index in their order, bare; None for an expression."""
    keys = index.facts.get("keys")
    return tuple(_column(key) for key in keys) if isinstance(keys, tuple) else ()


def has_index_for(catalog: Catalog, table: str, columns: tuple[str, ...]) -> bool:
    """Whether a valid index of the table begins with these columns, in any order among them.

    One that leaves rows out counts only if these are the rows without a value.
    """
    for index in catalog.of_kind("index"):
        if index.facts.get("invalid") or table_of(catalog, index) != table:
            continue
        if index.facts.get("method") not in ("btree", "hash"):
            continue
        where = index.facts.get("WHERE")
        if where and where not in {f"({_quoted(column)} IS NOT NULL)" for column in columns}:
            continue
        if set(index_keys(index)[: len(columns)]) == set(columns):
            return True
    return False


def table_of(catalog: Catalog, index: Entry) -> str:
    """The name, as a catalog writes it, of the table that an index belongs to."""
    parent = index.parent
    if parent and parent[0] == "constraint":
        constraint = catalog.get(*parent)
        parent = constraint.parent if constraint else None
    return parent[1] if parent else ""


def column_name(table: str, column: str) -> str:
    """The name of a column, as a catalog writes it, from its table's and its own bare name."""
    return f"{table}.{_written(column)}"


def _column(key: str) -> str | None:
    found = _KEY.fullmatch(key)
    return _bare(found["name"])[0] if found else None


def _bare(names: str) -> tuple[str, ...]:
    return tuple(
        name[1:-1].replace('""', '"') if name.startswith('"') else name
        for name in _NAMES.findall(names)
    )


def _written(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else '"' + name.replace('"', '""') + '"'


def _quoted(name: str) -> str:
    """The name in an expression: what is not lower case is quoted there."""
    plain = re.fullmatch(r"[a-z_][a-z0-9_$]*", name)
    return name if plain else '"' + name.replace('"', '""') + '"'
