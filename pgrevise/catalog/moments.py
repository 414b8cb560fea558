"""Whether the definitions in a database are, row by row, those of an earlier moment.

`Moments.keep` notes a state of the system catalogs and `Moments.is_back` recognises it, without
reading what the rows say. A state is back when each catalog has as many rows as then and none that
is newer: rows of then can only be gone, which the number shows, or be rewritten, which makes them
new. New is what a transaction from then on wrote (``xmin``). Only of relations the new rows are
read, because PostgreSQL rewrites those for its own book-keeping too.

That would scan every catalog at each look. From PostgreSQL 15 on the server's own counters of rows
inserted, updated and deleted tell how many rows there are, and in which catalogs new ones may be.
They tell all when one transaction took place since the last look and the counters of a table that
it wrote to, the witness, have moved; and they are believed when they did so at the last look too,
so that nothing of before is counted late. Who changes the schema has to hand its counters over
after each transaction (``pg_stat_force_next_flush``); if not, every catalog is scanned.

The answer "no" only means that the state may be another one: rows that were dropped and made again
say the same. It is for a database that nobody else changes, looked at between transactions. In the
manual: "System Columns" (xmin), "The Cumulative Statistics System", "Transactions and Identifiers".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row

from pgrevise.queries import load

_QUERIES = load("pgrevise.catalog", "sql", "moments.sql")
#: The server hands its counters to other sessions without delay from this version on.
_COUNTS_SINCE = 150000
#: What identifies the object that a row is part of, in catalogs of which initdb's objects fill most
#: but hold no definition of anybody's; objects made later have numbers from the first one on.
_OWNERS = {"pg_attribute": "attrelid", "pg_class": "oid"}
_FIRST = 16384


@dataclass(frozen=True)
class Counters:
    """What the server has counted: by catalog, in the order of their names.

    ``next`` is the number of the next transaction, ``witness`` what was written to the witness.
    """

    next: int
    inserted: Sequence[int]
    updated: Sequence[int]
    deleted: Sequence[int]
    witness: int | None

    def tell_all_since(self, before: Counters) -> bool:
        """Whether every change since ``before`` is counted here."""
        if self.next == before.next:
            return True
        return self.next == before.next + 1 and self.witness not in (None, before.witness)


@dataclass(frozen=True)
class _Moment:
    """A state: the number of the next transaction, and how many rows each catalog has.

    ``grown`` are the catalogs that got new rows since the moment before; ``replaced`` says of the
    relations that are among them what they said before.
    """

    next: int
    rows: Sequence[int]
    grown: frozenset[int]
    replaced: dict[str, str | None]


@dataclass(frozen=True)
class _Scanned:
    """One catalog, scanned: how many rows it has, how many are new; what new relations say."""

    rows: int
    new: int
    contents: dict[str, str]


class Moments:
    """States of a database, kept one after the other; the first one is number 0.

    The connection is the caller's, in autocommit mode. ``witness`` names a table, on its search
    path, that every transaction which changes the schema writes to.
    """

    def __init__(self, connection: psycopg.Connection[Any], witness: str) -> None:
        self._cursor = psycopg.Cursor(connection, row_factory=tuple_row)
        self._is_counted = connection.info.server_version >= _COUNTS_SINCE
        self._cursor.execute("SET plan_cache_mode = force_generic_plan")
        found = self._cursor.execute(_QUERIES["catalogs"].encode()).fetchall()
        self._parameters = {"witness": witness, "catalogs": [oid for _, oid, _ in found]}
        self._catalogs = [(name, query) for name, _, query in found]
        self._everything = frozenset(range(len(found)))
        self._relations = [name for name, _ in self._catalogs].index("pg_class")
        self._statements: dict[tuple[frozenset[int], bool], bytes] = {}
        self._moments: list[_Moment] = []
        self._counters: Counters | None = None
        self._told_all = False
        self._rows: list[int] = []
        # The catalogs that may have rows which are newer than the last moment.
        self._grown: frozenset[int] = frozenset()
        self._contents: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._moments)

    def keep(self) -> None:
        """Keep the present state; what `is_back` has been asked for cannot be asked for again."""
        since = self._moments[-1].next if self._moments else 0
        found = self._look(since, frozenset([self._relations]))
        contents = found[self._relations].contents if self._relations in found else {}
        replaced = {oid: self._contents.get(oid) for oid in contents}
        self._contents |= contents
        self._moments.append(_Moment(self._next(), tuple(self._rows), self._grown, replaced))
        self._grown = frozenset()

    def is_back(self, number: int) -> bool:
        """Whether the rows are those of a moment, which is then the last one that is kept."""
        self._forget_after(number)
        moment = self._moments[number]
        found = self._look(moment.next, self._everything)
        is_back = tuple(self._rows) == moment.rows and all(
            not scanned.new
            and all(self._contents.get(oid) == said for oid, said in scanned.contents.items())
            for scanned in found.values()
        )
        if is_back:
            self._grown = frozenset(n for n, scanned in found.items() if scanned.contents)
        return is_back

    def _forget_after(self, number: int) -> None:
        while len(self._moments) > number + 1:
            forgotten = self._moments.pop()
            self._grown |= forgotten.grown
            for oid, said in forgotten.replaced.items():
                if said is None:
                    del self._contents[oid]
                else:
                    self._contents[oid] = said

    def _look(self, since: int, wanted: frozenset[int]) -> dict[int, _Scanned]:
        """Bring the numbers of rows up to date; scans those of ``wanted`` that may have new rows.

        Without counters to believe in everything is scanned.
        """
        before, counters = self._counters, self._count()
        told_all = bool(before and counters and counters.tell_all_since(before))
        is_believed = told_all and self._told_all
        self._counters, self._told_all = counters, told_all
        if before and counters and is_believed:
            grown = set(self._grown)
            for number in self._everything:
                inserted = counters.inserted[number] - before.inserted[number]
                deleted = counters.deleted[number] - before.deleted[number]
                self._rows[number] += inserted - deleted
                if inserted or counters.updated[number] != before.updated[number]:
                    grown.add(number)
            self._grown = frozenset(grown)
            return self._scan(since, self._grown & wanted, counting=False)
        found = self._scan(since, self._everything, counting=True)
        self._rows = [found[number].rows for number in sorted(found)]
        self._grown = frozenset(
            n for n, scanned in found.items() if scanned.new or scanned.contents
        )
        return found

    def _next(self) -> int:
        if self._counters:
            return self._counters.next
        found = self._cursor.execute(_QUERIES["next"].encode(), prepare=True).fetchone()
        return int(found[0]) if found else 0

    def _count(self) -> Counters | None:
        if not self._is_counted:
            return None
        self._cursor.execute(_QUERIES["counters"].encode(), self._parameters, prepare=True)
        row = self._cursor.fetchone()
        return Counters(*row) if row else None

    def _scan(self, since: int, numbers: frozenset[int], *, counting: bool) -> dict[int, _Scanned]:
        """The new rows of these catalogs; the rows that there are only when ``counting``."""
        if not numbers:
            return {}
        key = (numbers, counting)
        if key not in self._statements:
            self._statements[key] = self._composed(sorted(numbers), counting)
        self._cursor.execute(self._statements[key], {"since": since}, prepare=True)
        return {
            number: _Scanned(rows or 0, new, contents or {})
            for number, rows, new, contents in self._cursor
        }

    def _composed(self, numbers: Sequence[int], counting: bool) -> bytes:
        parts = []
        for number in numbers:
            name, query = self._catalogs[number]
            if not counting:
                query = "new_relations" if number == self._relations else "new_rows"
            catalog = sql.Identifier("pg_catalog", name)
            owner = _OWNERS.get(name)
            parts.append(
                sql.SQL(_QUERIES[query]).format(
                    number=number,
                    catalog=catalog,
                    owner=sql.Identifier("r", owner) if owner else sql.SQL("0"),
                    first=_FIRST if owner else 0,
                )
            )
        since = sql.SQL("WITH since AS MATERIALIZED ({}) ").format(sql.SQL(_QUERIES["since"]))
        return (since + sql.SQL(" UNION ALL ").join(parts)).as_bytes(self._cursor)
