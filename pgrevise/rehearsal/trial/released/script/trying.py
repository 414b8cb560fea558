"""Which operations of released code work with which rows: at the parent, after the upgrade.

Each is done in a savepoint that is undone right after. What they are is in `operations`, what they
are done with in `subjects`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text

from .operations import Operations, Row, Untried
from .subjects import Subject
from .words import words_of

#: SQLSTATEs that say nothing of the code: cancelled, no lock, deadlock, and a server in trouble.
_NOT_ITS_FAULT = ("57", "53", "55P03", "40")
_DUPLICATE = "23505"
#: The row refers to another, or is like another, that the upgrade itself changed.
_OTHER_ROWS = ("23503", _DUPLICATE)

#: One of the ways of doing an operation: does it with one row.
Way = Callable[[Row], None]


@dataclass
class Remembered:
    """What worked at the parent: by operation its ways, each with the rows that it worked with.

    ``written`` is the table as reports name it, ``referring`` the foreign keys to it.
    """

    written: str = ""
    referring: list[Any] = field(default_factory=list)
    worked: dict[str, list[tuple[str, list[Row]]]] = field(default_factory=dict)


class Trier:
    """Tries one class after the other on a connection; remembers from phase to phase."""

    def __init__(self, subjects: Sequence[Subject], queries: dict[str, str]) -> None:
        self.subjects = subjects
        self.queries = queries
        self.remembered: dict[str, Remembered] = {}

    def parent(self, connection: Any, tables: Sequence[str]) -> list[dict[str, Any]]:
        """Find out what works before the upgrade; what does not is told with its reason."""
        self.remembered = {}
        known = connection.execute(text(self.queries["tables"])).fetchall()
        told: list[dict[str, Any]] = []
        for subject in self.subjects:
            found = _found(subject, known)
            memory = self.remembered[subject.mapped] = Remembered(found.written if found else "")
            if found is not None and found.kind in ("r", "p"):
                place = {"schema": found.schema, "name": found.name}
                rows = connection.execute(text(self.queries["referring"]), place).fetchall()
                memory.referring = list(rows)
            one = _One(connection, subject, memory)
            if subject.table is not None and found is None:
                reason = f"there is no table {subject.table} at the parent"
                told.append(one.told("select", reason, "", False))
            else:
                is_touched = memory.written in tables
                told += one.at_parent(is_touched, is_touched and found.kind in ("r", "p"))
        return told

    def upgraded(self, connection: Any) -> list[dict[str, Any]]:
        """Try what worked at the parent, and tell of each operation what came of it."""
        told = []
        for subject in self.subjects:
            memory = self.remembered.get(subject.mapped, Remembered())
            one = _One(connection, subject, memory)
            told += [one.again(operation) for operation in memory.worked]
        return told


class _One:
    """One class on one connection."""

    def __init__(self, connection: Any, subject: Subject, memory: Remembered) -> None:
        self.connection = connection
        self.subject = subject
        self.memory = memory
        self.operations = Operations(connection, subject, memory.referring)

    def told(self, operation: str, error: str, sqlstate: str, is_touched: bool) -> dict[str, Any]:
        """An answer about one operation; without an ``error`` it worked."""
        table = self.memory.written or str(self.subject.table)
        named = {"mapped": self.subject.mapped, "table": table, "operation": operation}
        return {**named, "error": error, "sqlstate": sqlstate, "is_touched": is_touched}

    def at_parent(self, is_touched: bool, is_written: bool) -> list[dict[str, Any]]:
        """Find out what works; told is what does not."""
        told = self.found_out("select", ["some"], [{}], is_touched)
        if not is_written and not (told and self.subject.key):
            return told
        try:
            rows = self.operations.rows()
            reason = ("" if rows else "there is no row to try with", "")
        except Exception as error:  # noqa: BLE001 - a type of the project's may raise anything
            rows, reason = [], words_of(error)
        if told and rows:
            # Perhaps it is only one row that Python cannot read.
            told = self.found_out("select", ["one"], rows, is_touched)
        if not is_written:
            return told
        for operation, ways in (
            ("insert", ["with all", "without defaults"]),
            ("update", ["once"]),
            ("delete", ["once"]),
        ):
            if rows:
                told += self.found_out(operation, ways, rows, True)
            else:
                told.append(self.told(operation, *reason, True))
        return told

    def found_out(
        self, operation: str, ways: Sequence[str], rows: list[Row], is_touched: bool
    ) -> list[dict[str, Any]]:
        """Remember with which rows an operation works; told is one that works with none."""
        worked: list[tuple[str, list[Row]]] = []
        failed = ("", "")
        for way in ways:
            fine = []
            for row in rows:
                error = self.tried(self.way(operation, way), row)
                if error is None:
                    fine.append(row)
                else:
                    failed = words_of(error)
            if fine:
                worked.append((way, fine))
        if worked:
            self.memory.worked[operation] = worked
            return []
        return [self.told(operation, *failed, is_touched)]

    def again(self, operation: str) -> dict[str, Any]:
        """Try an operation after the upgrade, until it fails with a row that it worked with."""
        is_done, reason = False, "its rows are not there any more"
        for name, rows in self.memory.worked[operation]:
            way = self.way(operation, name)
            for row in rows:
                if row and self.operations.is_gone(row):
                    continue
                error = self.tried(way, row)
                words, sqlstate = words_of(error) if error is not None else ("", "")
                if sqlstate in _OTHER_ROWS and self.tried(way, self.operations.now(row)) is None:
                    error = None
                # A sequence may be behind the rows; the other way of inserting tells the rest.
                is_behind = name == "without defaults" and sqlstate == _DUPLICATE
                is_excused = isinstance(error, Untried) or sqlstate.startswith(_NOT_ITS_FAULT)
                if error is None:
                    is_done = True
                elif is_excused or is_behind:
                    reason = words
                else:
                    return {**self.told(operation, words, sqlstate, True), "is_tried": True}
        return {**self.told(operation, "" if is_done else reason, "", True), "is_tried": is_done}

    def way(self, operation: str, name: str) -> Way:
        """A way of doing an operation, by its name."""
        does = self.operations
        if operation == "select":
            return does.read if name == "some" else does.read_one
        if operation == "insert":
            # An insert names what the server can fill in, or leaves it out.
            return does.insert if name == "with all" else does.insert_without_defaults
        return does.update if operation == "update" else does.delete

    def tried(self, way: Way, row: Row) -> Exception | None:
        """Do it in a savepoint, check what is deferred, and undo it; what it raised."""
        with self.operations.undone():
            try:
                way(row)
                self.connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
            except Exception as error:  # a type of the project's may raise anything
                if getattr(error, "connection_invalidated", False):
                    raise
                return error
        return None


def _found(subject: Subject, known: Sequence[Any]) -> Any:
    """The relation that a class is mapped to, None when it is not there."""
    if subject.table is None:
        return None
    schema, name = subject.table.schema, subject.table.name
    for one in known:
        if one.name == name and (one.schema == schema if schema else one.is_found):
            return one
    return None
