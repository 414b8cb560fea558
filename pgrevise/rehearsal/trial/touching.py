"""Which tables of before a revision touches, as its passages without rows showed. Pure.

A table is touched when a passage locked, scanned, rewrote or wrote it: reading it counts, because
what a data migration reads decides what it writes. Tables whose enum lost a label are too: their
values are others then, although nothing touched their rows. For a partition it is the table that it
is part of, since that is what rows are put into.
"""

from __future__ import annotations

from collections.abc import Iterator

from pgrevise.catalog import Catalog, Entry
from pgrevise.catalog.naming import parts
from pgrevise.rehearsal.facts import Observed, Passage, Relation, Statement

#: A schema and a table, bare.
Name = tuple[str, str]


def touched(seen: Observed, version_tables: tuple[tuple[str, str], ...] = ()) -> frozenset[Name]:
    """The tables of before that the revision touches on its way up or down, in no order.

    ``version_tables``, (schema or "", name), are Alembic's and do not count.
    """
    tables = {_name(seen.before, entry): entry for entry in seen.before.of_kind("table")}
    found: set[Name] = set()
    for passage in (seen.upgrade, seen.downgrade):
        for relation in _relations(passage):
            name = _of_relation(relation)
            if name in tables:
                found.add(_root(seen.before, name, tables))
    found |= {_root(seen.before, name, tables) for name in _relabelled(seen) if name in tables}
    return frozenset(name for name in found if not _is_alembics(name, version_tables))


def _relations(passage: Passage) -> Iterator[Relation]:
    for statement in passage.statements:
        if not statement.is_foreign:
            yield from _of_statement(statement)


def _of_statement(statement: Statement) -> Iterator[Relation]:
    yield from (lock.relation for lock in statement.locks)
    yield from (scan.relation for scan in statement.scans)
    yield from (rewrite.relation for rewrite in statement.rewrites)
    yield from (build.index for build in statement.builds)
    yield from (written.relation for written in statement.written)


def _of_relation(relation: Relation) -> Name:
    """The table that a relation is, or belongs to; an observed name leaves "public" out."""
    found = parts(relation.table or relation.name)
    return ("public", *found)[-2:] if len(found) < 3 else ("", "")  # type: ignore[return-value] # two


def _name(catalog: Catalog, entry: Entry) -> Name:
    """A table's name; a catalog leaves the first of its schemas out."""
    return _written(catalog, entry.name)


def _written(catalog: Catalog, name: str) -> Name:
    found = parts(name)
    first = catalog.schemas[0] if catalog.schemas else "public"
    return (found[-2] if len(found) > 1 else first, found[-1])


def _root(catalog: Catalog, name: Name, tables: dict[Name, Entry]) -> Name:
    """The partitioned table that a partition is part of, or the table itself."""
    for _ in range(len(tables)):
        entry = tables[name]
        parents = entry.facts.get("parent tables")
        if not entry.facts.get("partition bound") or not isinstance(parents, tuple):
            break
        above = _written(catalog, parents[0])
        if above not in tables:
            break
        name = above
    return name


def _relabelled(seen: Observed) -> Iterator[Name]:
    """Tables with a column of an enum that has lost labels, or had them renamed."""
    enums = {
        change.name
        for change in seen.changes
        if (change.object_kind, change.fact) == ("enum", "labels")
        and set(_labels(change.was)) - set(_labels(change.now))
    }
    for column in seen.before.of_kind("column") if enums else ():
        kind = str(column.facts.get("type", "")).removesuffix("[]")
        if column.parent and column.parent[0] == "table" and kind in enums:
            yield _written(seen.before, column.parent[1])


def _labels(fact: object) -> tuple[str, ...]:
    return fact if isinstance(fact, tuple) else ()


def _is_alembics(name: Name, version_tables: tuple[tuple[str, str], ...]) -> bool:
    return any(name[1] == table and schema in ("", name[0]) for schema, table in version_tables)
