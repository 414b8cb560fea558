"""The second step of foreign keys that had to wait: set when all rows are there."""

from __future__ import annotations

from collections.abc import Iterable

import psycopg
from psycopg import sql

from pgrevise.rehearsal.rows.asking import Server, statement
from pgrevise.rehearsal.rows.inserting import reason
from pgrevise.rehearsal.rows.model import ForeignKey, Table
from pgrevise.rehearsal.rows.units import Late


def constraint_name(table: Table, key: ForeignKey) -> str:
    """The constraint's name as SET CONSTRAINTS takes it."""
    return sql.Identifier(table.schema, key.name).as_string()


def close(server: Server, table: Table, target: Table, key: ForeignKey, how: Late) -> str | None:
    """Set the columns of a foreign key that waited; None, or why the server refused."""
    columns = [table.by_number[number] for number in key.columns]
    moving = [how == "anything" or not column.not_null for column in columns]
    pairs = list(zip(columns, key.referenced, moving, strict=True))
    fixed = [(column.sql, referenced) for column, referenced, moves in pairs if not moves]
    names = ", ".join(f"k.{referenced} AS r{at}" for at, (_, referenced, _) in enumerate(pairs))
    group_by = ", ".join(f"k.{referenced}" for _, referenced in fixed)
    own = ", ".join(f"t.{name}" for name, _ in fixed)
    unique = any(k.columns <= set(key.columns) for k in table.keys)
    if table.oid == target.oid:
        # A tree or, where no two rows may share a parent, a chain; the first row has none.
        position = "numbered.r - 1" if unique else "numbered.r / 2"
        if how == "anything":
            position = f"greatest({position}, 1)" if not unique else "numbered.r"
    else:
        position = "1 + (numbered.r - 1) % keys.total"
    at_of = {referenced: at for at, (_, referenced, _) in enumerate(pairs)}
    text = statement(
        "close_circle",
        referenced=names,
        groups=f"PARTITION BY {group_by}" if fixed else "",
        own_groups=f"PARTITION BY {own}" if fixed else "",
        order=", ".join(f"k.{referenced}" for _, referenced, _ in pairs),
        target=target.sql,
        table=table.sql,
        present=" AND ".join(f"k.{referenced} IS NOT NULL" for _, referenced, _ in pairs),
        fixed="".join(f", t.{name} AS f{at}" for at, (name, _) in enumerate(fixed)),
        agree="".join(
            f" AND keys.r{at_of[referenced]} = numbered.f{at}"
            for at, (_, referenced) in enumerate(fixed)
        ),
        assignments=", ".join(
            f"{column.sql} = keys.r{at}" for at, (column, _, moves) in enumerate(pairs) if moves
        ),
        position=position,
    )
    answer = server.write(text)
    return reason(answer) if isinstance(answer, psycopg.Error) else None


def deferred(tables: Iterable[tuple[Table, ForeignKey]]) -> str:
    """The statement that lets these constraints wait."""
    names = ", ".join(constraint_name(table, key) for table, key in tables)
    return f"SET CONSTRAINTS {names} DEFERRED"
