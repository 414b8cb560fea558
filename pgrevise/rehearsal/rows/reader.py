"""Reading what limits the rows of a schema's tables: one batch of queries on the system catalogs.

It is read here and not from `pgrevise.catalog`: that gives definitions as texts to compare, and a
generator needs the column numbers and types behind them, and the tables in other schemas that are
referenced.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

import psycopg
from psycopg.rows import dict_row

from pgrevise.queries import load
from pgrevise.rehearsal.rows.model import Check, Column, ForeignKey, Key, Schema, Table, Type

Answer = list[dict[str, Any]]
_KINDS = {"v": "a view", "m": "a materialised view", "f": "a foreign table"}


def read(
    connection: psycopg.Connection[Any],
    names: Sequence[str] | None,
    schemas: Sequence[str],
    leave_out: Collection[str],
) -> Schema:
    """Return these tables, all that they reference, and the types of their columns."""
    queries = load("pgrevise.rehearsal.rows", "catalog.sql")

    def ask(name: str, **parameters: object) -> Answer:
        with connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(queries[name].encode(), parameters).fetchall()

    there = {_label(row, schemas[0]): row for row in ask("wanted", schemas=list(schemas))}
    wanted, not_tables = _choose(there, names, leave_out)
    tables = ask("tables", oids=wanted)
    oids = [row["oid"] for row in tables]
    parts = {
        name: _by_table(ask(name, oids=oids))
        for name in ("columns", "checks", "partitions", "keys", "foreign_keys")
    }
    return Schema(
        {row["oid"]: _table(row, schemas[0], parts) for row in tables},
        tuple(wanted),
        {row["oid"]: _type(row) for row in ask("types", oids=oids)},
        not_tables,
    )


def _label(row: dict[str, Any], first: str) -> str:
    return str(row["name"]) if row["schema"] == first else f"{row['schema']}.{row['name']}"


def _choose(
    there: dict[str, dict[str, Any]], names: Sequence[str] | None, leave_out: Collection[str]
) -> tuple[list[int], dict[str, str]]:
    """The tables asked for; without names all but partitions, which their parents fill."""
    not_tables: dict[str, str] = {}
    if names is None:
        chosen = [
            row["oid"]
            for label, row in there.items()
            if row["kind"] in "rp" and not row["partition"] and label not in leave_out
        ]
        return chosen, not_tables
    chosen = []
    for name in dict.fromkeys(names):
        row = there.get(name)
        if row is None:
            not_tables[name] = "There is no such table in these schemas."
        elif row["kind"] not in "rp":
            not_tables[name] = f"It is {_KINDS[row['kind']]}, which holds no rows of its own here."
        else:
            chosen.append(row["oid"])
    return chosen, not_tables


def _by_table(rows: Answer) -> dict[int, Answer]:
    found: dict[int, Answer] = defaultdict(list)
    for row in rows:
        found[row.pop("table")].append(row)
    return found


def _table(row: dict[str, Any], first: str, parts: dict[str, dict[int, Answer]]) -> Table:
    oid = row["oid"]

    def of(name: str) -> Answer:
        return parts[name].get(oid, [])

    columns = tuple(
        Column(**(column | {"inputs": tuple(column["inputs"])})) for column in of("columns")
    )
    leaves = tuple(_check(leaf, "partition") for leaf in of("partitions"))
    if len(leaves) == 1 and leaves[0].expression == "true":
        leaves = ()
    return Table(
        **row,
        label=_label(row, first),
        columns=columns,
        checks=tuple(_check(check, "check") for check in of("checks")),
        leaves=leaves,
        keys=tuple(_key(key) for key in of("keys")),
        foreign_keys=tuple(_foreign_key(key, oid) for key in of("foreign_keys")),
    )


def _check(row: dict[str, Any], what: str) -> Check:
    return Check(
        name=row["name"],
        expression=row["expression"],
        columns=tuple(row["columns"]),
        bodies=tuple(row.get("bodies", ())),
        what=what,
    )


def _key(row: dict[str, Any]) -> Key:
    return Key(
        **(row | {"columns": frozenset(row["columns"]), "expressions": tuple(row["expressions"])})
    )


def _foreign_key(row: dict[str, Any], table: int) -> ForeignKey:
    return ForeignKey(
        **(row | {"columns": tuple(row["columns"]), "referenced": tuple(row["referenced"])}),
        table=table,
    )


def _type(row: dict[str, Any]) -> Type:
    fields = tuple(
        (int(oid), int(typmod)) for oid, typmod in (field.split() for field in row["fields"])
    )
    return Type(
        **(row | {"labels": tuple(row["labels"]), "checks": tuple(row["checks"]), "fields": fields})
    )
