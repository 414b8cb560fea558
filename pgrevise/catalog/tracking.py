"""The catalog of a schema that changes step by step, at the cost of each change, not of its size.

`Tracker.update` arrives at what `reader.read` would give, but reads only what may have changed
since the last look. Which rows of the system catalogs are new or rewritten is told by their
``xmin``, which are gone by their number. What depends on them (``pg_depend``) is read again too,
because a definition is rendered with the names of what it uses. The queries are the reader's own.

Where that reasoning does not hold, everything is read: when a function, an operator, an extension
or another of the kinds that `look` calls rare changes, since such a change can alter how others are
rendered; and at every look once a name of the schema is also one of PostgreSQL's own.

It is for a schema that nobody else changes, looked at between committed transactions. In the
manual: "System Columns" (xmin), "pg_depend", "Transactions and Identifiers".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row

from pgrevise.catalog.assemble import Row, assemble
from pgrevise.catalog.model import Address, Catalog, Entry
from pgrevise.catalog.piecemeal import (
    ANSWERING,
    NOTHING,
    PASSED_OVER,
    Owner,
    Schemas,
    read_objects,
)
from pgrevise.catalog.queries import common_queries
from pgrevise.catalog.reader import _settled
from pgrevise.catalog.watches import HORIZON, RARE, look_query
from pgrevise.queries import load

#: By address, what an entry was and what it is; None where it is not there.
Delta = dict[Address, tuple[Entry | None, Entry | None]]


class Tracker:
    """What some schemas hold, kept up to date; ``entries`` is it, and is changed by `update`.

    The connection is the tracker's own, in autocommit mode; the caller closes it. Without
    ``schemas`` it is every schema of the database, those that come later too.
    """

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        schemas: Sequence[str] = (),
        *,
        leave_out: frozenset[Address] = frozenset(),
    ) -> None:
        self._wanted = tuple(schemas)
        self._schemas = Schemas()
        self.entries: dict[Address, Entry] = {}
        self.full_reads = 0
        self._connection = connection
        self._server = connection.info.server_version // 10000
        self._leave_out = leave_out
        self._cursor = psycopg.Cursor(connection, row_factory=tuple_row)
        self._addresses: dict[Owner, list[Address]] = {}
        self._keys: dict[str, dict[str, Owner]] = {}
        self._rare_rows = 0
        self._horizon = "3"
        self._always_fully = False
        self._cursor.execute(_QUERIES["catalog_numbers"].encode())
        self._numbers: dict[int, str] = {oid: name for name, oid in self._cursor}
        self._read_everything()

    def catalog(self) -> Catalog:
        """The catalog as of the last look."""
        return self.as_catalog(self.entries)

    def as_catalog(self, entries: dict[Address, Entry]) -> Catalog:
        """A catalog of these schemas that has these entries."""
        ordered = tuple(entries[address] for address in sorted(entries))
        return Catalog(ordered, self._server, self._schemas.names)

    def update(self) -> Delta:
        """Look again; returns what is different from the last look."""
        found = self._look(())
        if found is None or self._always_fully:
            return self._read_everything()
        affected = self._with_dependents(found)
        unknown = {self._numbers[catalog] for catalog, _ in affected} - ANSWERING.keys()
        if self._always_fully or unknown - PASSED_OVER:
            return self._read_everything()
        wanted = {
            owner: ANSWERING.get(self._numbers[owner[0]], {}).get(form, ())
            for owner, form in affected.items()
        }
        return self._replace(set(affected), read_objects(self._connection, self._schemas, wanted))

    def verify(self) -> Delta:
        """Read everything; returns what was not as it was tracked, and would be our mistake."""
        return self._read_everything()

    def _settle(self) -> None:
        """Find the schemas and set what every rendering depends on, as the reader has it."""
        self._cursor.execute("SET search_path = pg_catalog, pg_temp")
        self._cursor.execute("SET plan_cache_mode = force_generic_plan")
        self._cursor.execute(common_queries()["settle"].replace(", true)", ", false)").encode())
        own_schemas = common_queries()["own_schemas"]
        self._cursor.execute(own_schemas.encode(), {"names": list(self._wanted)})
        found = self._cursor.fetchall()
        names = self._wanted or tuple(name for name, _ in found)
        self._schemas = Schemas(names, tuple(oid for _, oid in found))
        path = sql.SQL("SET search_path = {}, pg_catalog, pg_temp")
        self._cursor.execute(path.format(sql.Identifier(names[0])))

    def _look(self, listed: Sequence[str]) -> set[Owner] | None:
        """The objects with new or vanished rows since the last look; None to read everything."""
        self._cursor.execute(
            look_query().encode(),
            {"horizon": self._horizon, "listed": list(listed)},
            prepare=True,
        )
        affected: set[Owner] = set()
        short: list[str] = []
        is_rare, rare_rows = False, 0
        for watch, count, found in self._cursor.fetchall():
            if watch == HORIZON:
                self._horizon = str(count)
            elif watch == RARE:
                is_rare, rare_rows = is_rare or bool(found), rare_rows + count
            else:
                owners = dict(map(_owner, found or ()))
                affected |= self._affected(watch, owners, is_whole=watch in listed)
                # A column that is dropped stays as a row; what it changes is the row of its table.
                if watch != "columns" and len(self._keys[watch]) != count:
                    short.append(watch)
        is_rare = is_rare or rare_rows != self._rare_rows
        self._rare_rows = rare_rows
        if short:
            vanished = self._look(short)
            affected |= vanished or set()
            is_rare = is_rare or vanished is None
        return None if is_rare else affected

    def _affected(self, watch: str, found: dict[str, Owner], *, is_whole: bool) -> set[Owner]:
        """The objects of rows that were found, and with the whole watch of those that were not."""
        known = self._keys.setdefault(watch, {})
        if not is_whole:
            known.update(found)
            return set(found.values())
        self._keys[watch] = found
        gone = {owner for key, owner in known.items() if key not in found}
        return gone | {owner for key, owner in found.items() if known.get(key) != owner}

    def _with_dependents(self, changed: Iterable[Owner]) -> dict[Owner, str]:
        """These objects and what depends on them, each with its form; "" when there is no more."""
        pairs = list(changed)
        if not pairs:
            return {}
        parameters = {
            "catalogs": [catalog for catalog, _ in pairs],
            "oids": [oid for _, oid in pairs],
            "schemas": list(self._schemas.oids),
        }
        self._cursor.execute(_QUERIES["dependents"].encode(), parameters, prepare=True)
        rows = self._cursor.fetchall()
        self._always_fully = self._always_fully or any(row[3] for row in rows)
        return {(catalog, oid): form or "" for catalog, oid, form, _ in rows}

    def _replace(self, affected: set[Owner], found: dict[Owner, list[Entry]]) -> Delta:
        """Put what was found in the place of what was known of these objects."""
        before: dict[Address, Entry | None] = {}
        for owner in affected:
            for address in self._addresses.pop(owner, ()):
                before[address] = self.entries.pop(address, None)
        for owner, entries in found.items():
            kept = [entry for entry in entries if not self._is_left_out(entry)]
            if kept:
                self._addresses[owner] = [entry.address for entry in kept]
            for entry in kept:
                was = before.setdefault(entry.address, None)
                # The same object again stays the same in memory: comparing is then a pointer's.
                self.entries[entry.address] = was if was == entry and was is not None else entry
        return {
            address: (was, self.entries.get(address))
            for address, was in before.items()
            if was != self.entries.get(address)
        }

    def _is_left_out(self, entry: Entry) -> bool:
        if entry.address in self._leave_out or entry.parent in self._leave_out:
            return True
        return any(
            entry.parent is not None
            and entry.parent[0] == "constraint"
            and kind == "table"
            and entry.parent[1].startswith(f"{name}.")
            for kind, name in self._leave_out
        )

    def _read_everything(self) -> Delta:
        """Read as the reader does, and know again which object each entry belongs to."""
        self.full_reads += 1
        self._settle()
        self._look(tuple(self._keys))
        idle_objects, common = _settled(self._connection, self._schemas.names, idle=True)
        whole = assemble(idle_objects, common, self._server, self._schemas.names, owners=False)
        whole = whole.without(self._leave_out)
        members = {(row["catalog"], row["oid"]) for row in common["extension_members"]}
        # What hangs on a relation of an extension is left out by its parent: not seen piecemeal.
        if any(self._numbers[catalog] == "pg_class" for catalog, _ in members):
            self._always_fully = True
        owned = self._by_owner(idle_objects, whole)
        before = dict(self.entries)
        self._addresses = owned
        self.entries = {
            e.address: before[e.address] if before.get(e.address) == e else e for e in whole
        }
        return {
            address: (before.get(address), self.entries.get(address))
            for address in before.keys() | self.entries.keys()
            if before.get(address) != self.entries.get(address)
        }

    def _by_owner(
        self, objects: dict[str, list[Row]], whole: Catalog
    ) -> dict[Owner, list[Address]]:
        owned: dict[Owner, list[Address]] = {}
        for name, rows in objects.items():
            for row in rows:
                bare = assemble(
                    {name: [row]}, NOTHING, self._server, self._schemas.names, owners=False
                )
                for entry in bare:
                    if entry.address in whole:
                        owned.setdefault((row["catalog"], row["oid"]), []).append(entry.address)
        return owned


def _owner(text: str) -> tuple[str, Owner]:
    key, catalog, oid = text.rsplit(" ", 2)
    return key, (int(catalog), int(oid))


_QUERIES = load("pgrevise.catalog", "sql", "tracking.sql")
