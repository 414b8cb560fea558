"""Reading some objects of a schema instead of all, with the reader's own queries.

The session's search_path has to be what `pgrevise.catalog.reader` sets, and its settings too; this
is what `pgrevise.catalog.tracking` uses when it knows what may have changed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from pgrevise.catalog.assemble import Row, assemble
from pgrevise.catalog.model import Entry
from pgrevise.catalog.queries import common_queries, object_queries
from pgrevise.queries import load

#: An object: the oids of its system catalog and of itself.
Owner = tuple[int, int]

_TABLE, _VIEW = ("tables", "columns"), ("views", "columns")
#: Which queries answer for the objects of a system catalog, by their form. The catalogs that are
#: not here hold rare kinds, but for those of PASSED_OVER, which are part of other objects.
ANSWERING: dict[str, dict[str, tuple[str, ...]]] = {
    "pg_class": {
        **dict.fromkeys("rpf", _TABLE),
        **dict.fromkeys("vm", _VIEW),
        **dict.fromkeys("iI", ("indexes",)),
        "S": ("sequences",),
        "c": ("columns",),
    },
    "pg_type": {
        "e": ("enums",),
        "d": ("domains",),
        "c": ("composite_types",),
        "r": ("range_types",),
    },
    "pg_constraint": {"": ("constraints",)},
    "pg_trigger": {"": ("triggers",)},
    "pg_rewrite": {"": ("rules",)},
    "pg_policy": {"": ("policies",)},
    "pg_statistic_ext": {"": ("statistics",)},
    "pg_namespace": {"": ("schemas_read",)},
}
PASSED_OVER = {"pg_attrdef"}
#: What is common to all objects, when there is nothing of it.
NOTHING: dict[str, Sequence[Row]] = {
    "comments": (),
    "privileges": (),
    "extension_members": (),
    "extension_dependents": (),
    "contents": (),
}
#: How the reader's queries about relations begin their conditions; ``c`` is what their oid is of.
_IN_SCHEMAS = "WHERE c.relnamespace = ANY (%(schemas)s::oid[])"


@dataclass(frozen=True)
class Schemas:
    """The schemas that are read: their names, the one without a prefix first, and their oids."""

    names: tuple[str, ...] = ()
    oids: tuple[int, ...] = ()


def read_objects(
    connection: psycopg.Connection[Any], schemas: Schemas, wanted: Mapping[Owner, tuple[str, ...]]
) -> dict[Owner, list[Entry]]:
    """The entries that these objects have now; ``wanted`` names the queries that answer for each.

    Objects that are gone have none.
    """
    asked: dict[str, list[int]] = {}
    for (_, oid), names in wanted.items():
        for name in names:
            asked.setdefault(name, []).append(oid)
    if not asked:
        return {}
    oids = sorted({oid for those in asked.values() for oid in those})
    with connection.pipeline():
        cursors = {
            name: _send(connection, object_queries()[name], schemas, asked[name])
            for name in object_queries()
            if name in asked
        }
        comments = _send(connection, common_queries()["comments"], schemas, oids)
        granted = connection.execute(
            _QUERIES["has_privileges"].encode(), {"oids": oids}, prepare=True
        )
    common = NOTHING | {"comments": _rows(comments)}
    if granted.fetchone() != (False,):
        common["privileges"] = _ask(connection, common_queries()["privileges"], schemas)
    major = connection.info.server_version // 10000
    entries: dict[Owner, list[Entry]] = {}
    for name, cursor in cursors.items():
        for row in _rows(cursor):
            owner = (row["catalog"], row["oid"])
            if owner in wanted:
                (entry,) = assemble({name: [row]}, common, major, schemas.names, owners=False)
                entries.setdefault(owner, []).append(entry)
    return entries


def _send(
    connection: psycopg.Connection[Any], query: str, schemas: Schemas, oids: list[int]
) -> psycopg.Cursor[tuple[Any, ...]]:
    """Ask a query of the reader's for some objects only.

    Its oids are bigints, which no index of PostgreSQL's has; so relations are asked for once more,
    inside. Where that does not fit the query's words the answer is the same, but slow.
    """
    query = query.replace(_IN_SCHEMAS, f"{_IN_SCHEMAS} AND c.oid = ANY (%(oids)s::oid[])")
    statement = (
        f"SELECT to_jsonb(q)::text FROM ({query}) q "  # noqa: S608 - a file of this package
        "WHERE q.oid = ANY (%(oids)s::bigint[])"
    )
    cursor = psycopg.Cursor(connection, row_factory=tuple_row)
    parameters = {"schemas": list(schemas.oids), "oids": oids}
    return cursor.execute(statement.encode(), parameters, prepare=True)


def _ask(connection: psycopg.Connection[Any], query: str, schemas: Schemas) -> list[Row]:
    statement = f"SELECT to_jsonb(q)::text FROM ({query}) q"  # noqa: S608 - likewise
    cursor = psycopg.Cursor(connection, row_factory=tuple_row)
    return _rows(cursor.execute(statement.encode(), {"schemas": list(schemas.oids)}))


def _rows(cursor: psycopg.Cursor[Any]) -> list[Row]:
    return [json.loads(text) for (text,) in cursor]


_QUERIES = load("pgrevise.catalog", "sql", "tracking.sql")
