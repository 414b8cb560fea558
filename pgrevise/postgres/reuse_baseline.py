"""What a template's databases begin as, and the statements that make a used one begin again.

`read` asks a database that nobody else uses; `Baseline` is kept as text in the comment of the
template, so that it is read once for each history and known to every process. Why the statements
prove what they do is in `reuse.sql`; when they are sent, in `pgrevise.postgres.reuse`.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import psycopg
from psycopg import sql

from pgrevise.queries import load

QUERIES = load("pgrevise.postgres", "reuse.sql")
#: So many sequences are read in one statement.
_TOGETHER = 100
#: The oid of the tablespace pg_default, the same everywhere; its files are in the folder base.
_PG_DEFAULT = 1663


class NotTheSame(Exception):
    """A database is not, and cannot be made, what its template is."""


@dataclass(frozen=True)
class Baseline:
    """The state of a database that was just cloned, in numbers that its clones share.

    ``filled`` are the quoted names of tables that hold anything, catalogs among them, with the sum
    of their rows. ``sizes`` has the bytes of tables by oid, of catalogs only where there are none.
    ``emptied`` is what TRUNCATE takes, by oid, of tables without bytes, and ``ties`` are those that
    it wants together. ``figures`` are the planner's, by table: whose, pages, rows. ``sequences``
    are oid, value, and whether the value was given out.
    """

    filled: Sequence[str]
    rows: int
    sizes: Mapping[str, int]
    emptied: Mapping[str, str]
    ties: Sequence[tuple[int, int]]
    figures: Mapping[str, Sequence[tuple[int, int, float]]]
    sequences: Sequence[tuple[int, int, bool]]
    in_place: int

    @property
    def text(self) -> str:
        """As it is kept."""
        return json.dumps(asdict(self), separators=(",", ":"))

    def put_back(self, database: int, since: int) -> Generator[bytes, str | None, int]:
        """The statements for the database with that oid, in which nothing was new at ``since``.

        Each is answered with its last value. Returns the id of the last transaction; raises
        `NotTheSame`.
        """
        changed = yield self._changed(database, since)
        if changed is None:
            raise NotTheSame
        transaction = yield self._begin_again(changed.split())
        if transaction is None:
            raise NotTheSame
        return int(transaction)

    def _changed(self, database: int, since: int) -> bytes:
        query = sql.SQL(QUERIES["changed"]).format(
            **self._constants,
            default=_PG_DEFAULT,
            database=database,
            folder=sql.Literal(f"base/{database}/"),
            since=sql.Literal(str(since % 2**32)),
        )
        return query.as_bytes(None)

    @cached_property
    def _constants(self) -> dict[str, sql.SQL]:
        """What is the same in every statement, composed but once."""
        parts: dict[str, sql.Composable] = {
            "number": sql.Literal(self.rows),
            "tables": _array(self.sizes),
            "sizes": _array(self.sizes.values()),
            "rows": _rows_of(self.filled),
        }
        return {name: _composed(part) for name, part in parts.items()}

    @cached_property
    def _begin(self) -> sql.SQL:
        return _composed(
            sql.SQL(QUERIES["begin_again"]).format(
                oids=_array(oid for oid, _, _ in self.sequences),
                values=_array(value for _, value, _ in self.sequences),
                called=_array(str(is_called).lower() for _, _, is_called in self.sequences),
                in_place=sql.SQL(QUERIES["in_place"]),
                hash=self.in_place,
            )
        )

    def _begin_again(self, changed: Iterable[str]) -> bytes:
        together = sorted(reached({int(oid) for oid in changed}, self.ties))
        if not all(str(oid) in self.emptied for oid in together):
            raise NotTheSame
        if not together:
            return self._begin.as_bytes(None)
        figures = [it for oid in together for it in self.figures.get(str(oid), ())]
        again = sql.SQL(QUERIES["figures_again"]).format(
            owners=_array(oid for oid, _, _ in figures),
            pages=_array(pages for _, pages, _ in figures),
            numbers=_array(number for _, _, number in figures),
        )
        truncate = "TRUNCATE " + ", ".join(self.emptied[str(oid)] for oid in together)
        return sql.SQL("; ").join([sql.SQL(truncate), again, self._begin]).as_bytes(None)


def read(connection: psycopg.Connection[Any]) -> Baseline | None:
    """The baseline of the database, which nobody else uses; None where none can be relied on."""
    if connection.execute(QUERIES["is_fit"].encode()).fetchone() != (True,):
        return None
    tables = connection.execute(QUERIES["tables"].encode()).fetchall()
    filled = [name for _, name, _, _, size in tables if size]
    figures: dict[str, list[tuple[int, int, float]]] = {}
    for table, *figure in connection.execute(QUERIES["figures"].encode()):
        figures.setdefault(str(table), []).append((figure[0], figure[1], figure[2]))
    return Baseline(
        filled=filled,
        rows=_number(
            connection, sql.SQL("SELECT count(*) FROM ({}) AS x").format(_rows_of(filled))
        ),
        sizes={
            str(oid): size
            for oid, _, kind, is_catalog, size in tables
            if kind != "p" and not (is_catalog and size)
        },
        emptied={
            str(oid): name if kind == "p" else f"ONLY {name}"
            for oid, name, kind, is_catalog, size in tables
            if kind != "m" and not is_catalog and not size
        },
        ties=connection.execute(QUERIES["ties"].encode()).fetchall(),
        figures=figures,
        sequences=_sequences(connection),
        in_place=_number(connection, sql.SQL(QUERIES["in_place"])),
    )


def parse(text: str | None) -> Baseline | None:
    """The baseline that was kept, if any was."""
    try:
        return Baseline(**json.loads(text or ""))
    except (ValueError, TypeError):
        return None


def reached(tables: set[int], ties: Iterable[tuple[int, int]]) -> set[int]:
    """These tables and all that a chain of ``ties`` leads to from one of them."""
    following: dict[int, list[int]] = {}
    for one, other in ties:
        following.setdefault(one, []).append(other)
    found, waiting = set(tables), list(tables)
    while waiting:
        new = [table for table in following.get(waiting.pop(), ()) if table not in found]
        found.update(new)
        waiting.extend(new)
    return found


def _sequences(connection: psycopg.Connection[Any]) -> list[tuple[int, int, bool]]:
    found = connection.execute(QUERIES["sequences"].encode()).fetchall()
    states: list[tuple[int, int, bool]] = []
    for start in range(0, len(found), _TOGETHER):
        parts = [
            sql.SQL("SELECT {}::bigint, last_value, is_called FROM ").format(oid) + sql.SQL(name)
            for oid, name in found[start : start + _TOGETHER]
        ]
        query = sql.SQL(" UNION ALL ").join(parts)
        states += connection.execute(query.as_bytes(None)).fetchall()
    return states


def _rows_of(tables: Iterable[str]) -> sql.Composed:
    """The ``xmin`` of all rows of tables, whose names are quoted already."""
    parts = [sql.SQL("SELECT xmin FROM ONLY ") + sql.SQL(name) for name in tables]
    return sql.SQL(" UNION ALL ").join(parts)


def _composed(part: sql.Composable) -> sql.SQL:
    return sql.SQL(part.as_string(None))


def _array(elements: Iterable[object]) -> sql.Literal:
    return sql.Literal("{" + ",".join(map(str, elements)) + "}")


def _number(connection: psycopg.Connection[Any], query: sql.Composable) -> int:
    found = connection.execute(query.as_bytes(None)).fetchone()
    return int(found[0]) if found else 0
