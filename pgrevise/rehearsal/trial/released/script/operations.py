"""What released code does to rows of one class: reading, inserting, updating, deleting.

An insert is of a row that is there: it is taken away first, without asking its foreign keys, so
that all that is asked is whether it may come back. A row that others refer to is deleted after
these were taken away likewise. When and with which rows is `trying`'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import and_, column, delete, insert, literal, not_, null, select, text, update
from sqlalchemy import table as lightweight

from .subjects import Subject

#: So many rows of each class are tried.
ROWS = 20

#: A row's values by its columns.
Row = dict[Any, Any]


class Untried(Exception):
    """An operation did nothing, for a reason that is not an error."""


class Operations:
    """Those of one class on one connection; ``referring`` are the foreign keys to its table."""

    def __init__(self, connection: Any, subject: Subject, referring: Sequence[Any] = ()) -> None:
        self.connection = connection
        self.subject = subject
        self.referring = referring

    def read(self, _: Row) -> None:
        """Read all that the class has, a few rows."""
        self.connection.execute(self._selected().limit(ROWS)).fetchall()

    def read_one(self, row: Row) -> None:
        """Read all that the class has of one row."""
        self.connection.execute(self._selected().where(*self._key_of(row))).fetchall()

    def insert(self, row: Row) -> None:
        """Insert a row with a value for each column that takes one."""
        self._take_away(row)
        values = {one: _value(row[one]) for one in self.subject.given}
        self.connection.execute(insert(self.subject.table).values(values))

    def insert_without_defaults(self, row: Row) -> None:
        """Insert a row and leave to the server what has a default there; that is read back."""
        left = self.subject.left_to_the_server
        self._take_away(row)
        values = {one: _value(row[one]) for one in self.subject.given if one not in set(left)}
        statement = insert(self.subject.table).values(values)
        self.connection.execute(statement.returning(*left) if left else statement)

    def update(self, row: Row) -> None:
        """Set each column to what it was, in one statement."""
        values = {one: _value(row[one]) for one in self.subject.changed}
        statement = update(self.subject.table).values(values).where(*self._key_of(row))
        _require_rows(self.connection.execute(statement).rowcount)

    def delete(self, row: Row) -> None:
        """Delete a row that nobody of those refers to who did at the parent."""
        for referring in self.referring:
            self._take_away_referring(referring, row)
        statement = delete(self.subject.table).where(*self._key_of(row))
        _require_rows(self.connection.execute(statement).rowcount)

    def rows(self) -> list[Row]:
        """Rows of this class with their values; any row of its table where it has none."""
        kind = self.subject.kind
        found = self._rows_where(kind[0] == kind[1]) if kind else self._rows_where()
        found = found or (self._rows_where() if kind else [])
        return [{**row, kind[0]: kind[1]} for row in found] if kind else found

    def now(self, row: Row) -> Row:
        """The row with the values that it has now, as far as these can be read."""
        statement = select(*self.subject.columns).where(*self._key_of(row))
        with self.undone():
            try:
                found = self.connection.execute(statement).fetchone()
            except Exception:  # noqa: BLE001 - it is tried as it was, then
                return row
        return self._row(found) if found else row

    def is_gone(self, row: Row) -> bool:
        """Whether a row is not there any more; not when nobody can tell."""
        statement = select(literal(1)).select_from(self.subject.table).where(*self._key_of(row))
        with self.undone():
            try:
                return self.connection.execute(statement).fetchone() is None
            except Exception:  # noqa: BLE001 - of a key that is not there the operation tells
                return False

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Undo what is done meanwhile."""
        savepoint = self.connection.begin_nested()
        try:
            yield
        finally:
            savepoint.rollback()

    def _selected(self) -> Any:
        return select(*self.subject.read).select_from(self.subject.source)

    def _rows_where(self, *conditions: Any) -> list[Row]:
        """A few rows; where one of them cannot be read in Python, those that can."""
        statement = select(*self.subject.columns).where(*conditions)
        try:
            with self.undone():
                found = self.connection.execute(statement.limit(ROWS)).fetchall()
        except Exception:
            rows = [row for place in range(ROWS) for row in self._row_at(statement, place)]
            if not rows:
                raise
            return rows
        return [self._row(one) for one in found]

    def _row_at(self, statement: Any, place: int) -> list[Row]:
        with self.undone():
            try:
                found = self.connection.execute(statement.limit(1).offset(place)).fetchall()
            except Exception:  # noqa: BLE001 - the others may be read
                return []
        return [self._row(one) for one in found]

    def _row(self, found: Any) -> Row:
        return {wanted: found[place] for place, wanted in enumerate(self.subject.columns)}

    def _take_away(self, row: Row) -> None:
        """Delete a row without asking its foreign keys; what cannot be deleted stays."""
        self._quietly(delete(self.subject.table).where(*self._key_of(row)))

    def _take_away_referring(self, referring: Any, row: Row) -> None:
        """Delete the rows that refer to this one by one foreign key, but for itself."""
        own = {one.name: one for one in self.subject.columns}
        if any(name not in own or row[own[name]] is None for name in referring.referred):
            return
        pairs = [(name, own[referring.referred[n]]) for n, name in enumerate(referring.columns)]
        other = lightweight(
            referring.name, *[column(name, to.type) for name, to in pairs], schema=referring.schema
        )
        wanted = [other.c[name] == row[to] for name, to in pairs]
        table = self.subject.table
        if (table.name, table.schema or referring.schema) == (referring.name, referring.schema):
            key = self.subject.key
            wanted.append(not_(and_(*[column(one.name, one.type) == row[one] for one in key])))
        self._quietly(delete(other).where(*wanted))

    def _key_of(self, row: Row) -> list[Any]:
        """The conditions that a row is found by."""
        return [one == row[one] for one in self.subject.key]

    def _quietly(self, statement: Any) -> None:
        """Execute without triggers and foreign keys, or not at all."""
        savepoint = self.connection.begin_nested()
        try:
            self.connection.execute(text("SET LOCAL session_replication_role = replica"))
            self.connection.execute(statement)
            self.connection.execute(text("SET LOCAL session_replication_role = origin"))
        except Exception:  # noqa: BLE001 - the operation that it prepares will tell
            savepoint.rollback()
        else:
            savepoint.commit()


def _require_rows(count: int) -> None:
    if not count:
        raise Untried("it ran without an error and found no row")


def _value(value: Any) -> Any:
    """A value as an insert takes it: for JSON, None would be its own null."""
    return null() if value is None else value
