"""How constraints and indexes are called, and whether that follows a naming convention. Pure.

A convention is a pattern of SQLAlchemy's for a prefix: "ix", "uq", "ck", "fk", "pk".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pgrevise.catalog.model import Entry

#: PostgreSQL cuts longer names, and SQLAlchemy puts a digest in their place.
LONG = 55

_PREFIXES = {"primary key": "pk", "unique": "uq", "foreign key": "fk", "check": "ck"}
_PART = re.compile(r'"((?:[^"]|"")*)"|([^".]+)')


@dataclass(frozen=True)
class Named:
    """A constraint or index of a table; ``prefix`` is the key of its convention.

    ``table`` and ``name`` are bare: without their schema and without quotes.
    """

    kind: str
    prefix: str
    table: str
    name: str
    entry: Entry


def parts(name: str) -> tuple[str, ...]:
    """The parts of a name as a catalog writes it, bare: ``audit."We ird"`` is audit and We ird."""
    found = _PART.finditer(name)
    return tuple(m[2] if m[1] is None else m[1].replace('""', '"') for m in found)


def named(entries: Iterable[Entry]) -> Iterator[Named]:
    """The constraints and indexes of tables, but for the index that a constraint is kept by."""
    for entry in entries:
        kind, path = str(entry.facts.get("type", "")), parts(entry.name)
        if entry.kind == "constraint" and kind in _PREFIXES and len(path) > 1:
            if entry.parent and entry.parent[0] == "table":
                yield Named(f"{kind} constraint", _PREFIXES[kind], path[-2], path[-1], entry)
        elif entry.kind == "index" and not entry.facts.get("constraint"):
            table = parts(str(entry.facts.get("table", ""))) or ("",)
            yield Named("index", "ix", table[-1], path[-1], entry)


def fits(name: str, table: str, convention: str) -> bool:
    """Whether a name can have come from the convention; columns and words are taken as they are."""
    if len(name) >= LONG:
        return True
    pieces = re.split(r"%\((\w+)\)s", convention)
    for number in range(1, len(pieces), 2):
        pieces[number] = re.escape(table) if pieces[number] == "table_name" else ".+"
    pieces[::2] = map(re.escape, pieces[::2])
    return re.fullmatch("".join(pieces), name) is not None
