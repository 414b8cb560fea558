"""What a client of a probe says to a table, and what it says when the table is no longer as it was.

Reading is one row by its key, or by its place where there is no key; writing sets one column of
that row to itself and takes that back, so that the row stays where it is: among the first that a
data migration comes to, which are locked longest. A table may lose its columns, be renamed,
rewritten or dropped meanwhile: the phrase is then made anew from the catalog, which waits for no
lock of a table. A phrase that is refused has waited for the table's lock as well as one that is
answered.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import psycopg
from psycopg import sql
from psycopg.rows import namedtuple_row

from pgrevise.queries import load
from pgrevise.rehearsal.trial.facts import Traffic

#: A place that is there in any table with a row.
_FIRST = "(0,1)"


class _Table(NamedTuple):
    """A table as ``probing.sql`` describes it."""

    oid: int
    schema: str
    name: str
    kind: str
    key: list[str] | None
    settable: str | None

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier(self.schema, self.name)


class Phrase:
    """One statement about one table, or about none when there is no traffic.

    ``impossible`` is why there is none, ``note`` what has to be known of it.
    """

    def __init__(
        self, connection: psycopg.Connection[Any], table: str, traffic: Traffic | None
    ) -> None:
        self.impossible = self.note = ""
        self._connection, self._table, self._traffic = connection, table, traffic
        self._oid = 0
        self._text: sql.SQL | sql.Composed = sql.SQL("SELECT 1")
        found = self._described() if traffic else None
        if found is not None:
            self._begin(found)
        elif traffic:
            self.impossible = f"The {traffic} of {table} were not probed: there is no such table."

    def say(self) -> None:
        """Say it once. Raises what psycopg does."""
        try:
            self._connection.execute(self._text)
        except psycopg.Error:
            if not self._connection.closed:
                self._connection.execute("ROLLBACK")
            raise

    def change(self) -> None:
        """Find out what the table is called now, and what can be written there."""
        found = self._described()
        if found is not None:
            self._compose(found, _at(_FIRST))

    def _begin(self, found: _Table) -> None:
        self._oid = found.oid
        if self._traffic == "writes" and found.kind not in ("r", "p"):
            self.impossible = f"The writes of {self._table} were not probed: it is no table."
            return
        if self._traffic == "writes" and found.settable is None:
            self.note = f"The writes of {self._table} were probed by a DELETE of no row."
        self._compose(found, self._by_key(found) or self._by_place(found))

    def _by_key(self, found: _Table) -> sql.Composed | None:
        """A condition for one row that is there; None when there is no key, or no row."""
        columns = [sql.Identifier(column) for column in found.key or ()]
        if not columns:
            return None
        wanted = sql.SQL(", ").join(sql.SQL("{}::text").format(column) for column in columns)
        query = sql.SQL("SELECT {} FROM {} LIMIT 1").format(wanted, found.identifier)
        row = self._connection.execute(query).fetchone()
        if row is None or None in row:
            return None
        # Without a type a literal takes that of the column, whatever it becomes.
        return sql.SQL(" AND ").join(
            sql.SQL("{} = {}").format(column, sql.Literal(value))
            for column, value in zip(columns, row, strict=True)
        )

    def _by_place(self, found: _Table) -> sql.Composed:
        query = sql.SQL("SELECT ctid::text FROM {} LIMIT 1").format(found.identifier)
        row = self._connection.execute(query).fetchone()
        return _at(row[0] if row else _FIRST)

    def _compose(self, found: _Table, where: sql.Composed) -> None:
        table = found.identifier
        if self._traffic == "reads":
            self._text = sql.SQL("SELECT * FROM {} WHERE {}").format(table, where)
            return
        if found.settable is None:
            write = sql.SQL("DELETE FROM {} WHERE false").format(table)
        else:
            write = sql.SQL("UPDATE {table} SET {column} = {column} WHERE {where}").format(
                table=table, column=sql.Identifier(found.settable), where=where
            )
        # Sent as one message: nothing is held while we are asked for the next statement.
        self._text = sql.SQL("BEGIN; {}; ROLLBACK").format(write)

    def _described(self) -> _Table | None:
        query = load("pgrevise.rehearsal.trial", "probing.sql")["described"].encode()
        with self._connection.cursor(row_factory=namedtuple_row) as cursor:
            row = cursor.execute(query, {"table": self._table, "oid": self._oid}).fetchone()
        return _Table(*row) if row else None


def _at(place: str) -> sql.Composed:
    return sql.SQL("ctid = {}").format(sql.Literal(place))
