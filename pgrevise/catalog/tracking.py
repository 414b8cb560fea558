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

import json
from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row

from pgrevise.catalog.assemble import Row, assemble
from pgrevise.catalog.model import Address, Catalog, Entry
from pgrevise.catalog.queries import common_queries, object_queries
from pgrevise.catalog.reader import _settled
from pgrevise.queries import load

#: By address, what an entry was and what it is; None where it is not there.
Delta = dict[Address, tuple[Entry | None, Entry | None]]
Owner = tuple[int, int]
#: What identifies a state of the rows: by watch, their number and a sum of hashes.
Prints = dict[str, tuple[int, int]]

#: Which queries answer for the objects of a system catalog, by their form. The catalogs that are
#: not here hold rare kinds, but for those of _PASSED_OVER, which are part of other objects.
_TABLE, _VIEW = ("tables", "columns"), ("views", "columns")
_ANSWERING: dict[str, dict[str, tuple[str, ...]]] = {
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
_PASSED_OVER = {"pg_attrdef"}
#: How the reader's queries about relations begin their conditions; ``c`` is what their oid is of.
_IN_SCHEMAS = "WHERE c.relnamespace = ANY (%(schemas)s::oid[])"
_NOTHING: dict[str, Sequence[Row]] = {
    "comments": (),
    "privileges": (),
    "extension_members": (),
    "extension_dependents": (),
    "contents": (),
}


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
        self.schemas = tuple(schemas)
        self._wanted = tuple(schemas)
        self.entries: dict[Address, Entry] = {}
        self.full_reads = 0
        self._connection = connection
        self._server = connection.info.server_version // 10000
        self._leave_out = leave_out
        self._cursor = psycopg.Cursor(connection, row_factory=tuple_row)
        self._addresses: dict[Owner, list[Address]] = {}
        self._keys: dict[str, dict[str, Owner]] = {}
        self.prints: Prints = {}
        self._horizon = "3"
        self._always_fully = False
        self._oids: list[int] = []
        self._cursor.execute(_QUERIES["catalog_numbers"].encode())
        self._numbers: dict[int, str] = {oid: name for name, oid in self._cursor}
        self._read_everything()

    def catalog(self) -> Catalog:
        """The catalog as of the last look."""
        return self.as_catalog(self.entries)

    def as_catalog(self, entries: dict[Address, Entry]) -> Catalog:
        """A catalog of these schemas that has these entries."""
        ordered = tuple(entries[address] for address in sorted(entries))
        return Catalog(ordered, self._server, self.schemas)

    def update(self, *, printed: bool = True) -> Delta:
        """Look again; returns what is different from the last look.

        Without ``printed`` it is a little faster, and `is_back` cannot be asked for this state.
        """
        found = self._look((), printed=printed)
        if found is None or self._always_fully:
            return self._read_everything()
        affected = self._with_dependents(found)
        unknown = {self._numbers[catalog] for catalog, _ in affected} - _ANSWERING.keys()
        if self._always_fully or unknown - _PASSED_OVER:
            return self._read_everything()
        return self._replace(set(affected), self._entries_of(affected))

    def verify(self) -> Delta:
        """Read everything; returns what was not as it was tracked, and would be our mistake."""
        return self._read_everything()

    def is_back(self, prints: Prints, delta: Delta) -> bool:
        """Whether the rows are those of an earlier state, and if so, be in it without reading.

        ``prints`` are that state's, ``delta`` is what led from it to the present one. Equal sums
        of 64-bit hashes of the rows' identities and versions are taken for equal rows.
        """
        parameters = {"horizon": self._horizon, "listed": [], "printed": True}
        self._cursor.execute(_QUERIES["look"].encode(), parameters, prepare=True)
        rows = self._cursor.fetchall()
        if _prints(rows) != prints or any(row[3] for row in rows if row[0] == "rare"):
            return False
        self.prints = prints
        for address, (was, _) in delta.items():
            if was is None:
                self.entries.pop(address, None)
            else:
                self.entries[address] = was
        return True

    def _settle(self) -> None:
        """Find the schemas and set what every rendering depends on, as the reader has it."""
        self._cursor.execute("SET search_path = pg_catalog, pg_temp")
        self._cursor.execute("SET plan_cache_mode = force_generic_plan")
        self._cursor.execute(common_queries()["settle"].replace(", true)", ", false)").encode())
        self._cursor.execute(_QUERIES["schemas"].encode(), {"names": list(self._wanted)})
        found = self._cursor.fetchall()
        self.schemas = self._wanted or tuple(name for name, _ in found)
        self._oids = [oid for _, oid in found]
        path = sql.SQL("SET search_path = {}, pg_catalog, pg_temp")
        self._cursor.execute(path.format(sql.Identifier(self.schemas[0])))

    def _look(self, listed: Sequence[str], *, printed: bool = True) -> set[Owner] | None:
        """The objects with new or vanished rows since the last look; None to read everything."""
        self._cursor.execute(
            _QUERIES["look"].encode(),
            {"horizon": self._horizon, "listed": list(listed), "printed": printed},
            prepare=True,
        )
        rows = self._cursor.fetchall()
        affected: set[Owner] = set()
        short: list[str] = []
        is_rare = False
        self._horizon = next(str(count) for watch, count, *_ in rows if watch == "horizon")
        before, self.prints = self.prints, _prints(rows)
        for watch, count, _, found in rows:
            if watch in ("horizon", "rare"):
                is_rare = is_rare or (watch == "rare" and bool(found))
                continue
            owners = dict(map(_owner, found or ()))
            known = self._keys.setdefault(watch, {})
            if watch in listed:
                affected.update(owner for key, owner in known.items() if key not in owners)
                affected.update(o for key, o in owners.items() if known.get(key) != o)
                self._keys[watch] = owners
                continue
            affected.update(owners.values())
            if watch == "columns":
                continue  # a column that is dropped changes the row of its table
            known.update(owners)
            if len(known) != count:
                short.append(watch)
        is_rare = is_rare or before.get("rare") != self.prints["rare"]
        if short:
            vanished = self._look(short, printed=printed)
            affected |= vanished or set()
            is_rare = is_rare or vanished is None
        return None if is_rare else affected

    def _with_dependents(self, changed: Iterable[Owner]) -> dict[Owner, str]:
        """These objects and what depends on them, each with its form; "" when there is no more."""
        pairs = list(changed)
        if not pairs:
            return {}
        parameters = {
            "catalogs": [catalog for catalog, _ in pairs],
            "oids": [oid for _, oid in pairs],
            "schemas": self._oids,
        }
        self._cursor.execute(_QUERIES["dependents"].encode(), parameters, prepare=True)
        rows = self._cursor.fetchall()
        self._always_fully = self._always_fully or any(row[3] for row in rows)
        return {(catalog, oid): form or "" for catalog, oid, form, _ in rows}

    def _entries_of(self, affected: dict[Owner, str]) -> dict[Owner, list[Entry]]:
        """The entries that these objects have now."""
        asked: dict[str, list[int]] = {}
        for (catalog, oid), form in affected.items():
            for name in _ANSWERING.get(self._numbers[catalog], {}).get(form, ()):
                asked.setdefault(name, []).append(oid)
        if not asked:
            return {}
        oids = sorted({oid for wanted in asked.values() for oid in wanted})
        with self._connection.pipeline():
            cursors = {
                name: self._send(object_queries()[name], asked[name])
                for name in object_queries()
                if name in asked
            }
            comments = self._send(common_queries()["comments"], oids)
            granted = self._connection.execute(
                _QUERIES["has_privileges"].encode(), {"oids": oids}, prepare=True
            )
        common = _NOTHING | {"comments": _rows(comments)}
        if granted.fetchone() != (False,):
            common["privileges"] = self._ask(common_queries()["privileges"], schemas=self._oids)
        objects = {
            name: [row for row in _rows(cursor) if (row["catalog"], row["oid"]) in affected]
            for name, cursor in cursors.items()
        }
        return self._assembled(objects, common)

    def _send(self, query: str, oids: list[int]) -> psycopg.Cursor[tuple[Any, ...]]:
        """Ask a query of the reader's for some objects only.

        Its oids are bigints, which no index of PostgreSQL's has; so relations are asked for once
        more, inside. Where that does not fit the query's words the answer is the same, but slow.
        """
        query = query.replace(_IN_SCHEMAS, f"{_IN_SCHEMAS} AND c.oid = ANY (%(oids)s::oid[])")
        statement = (
            f"SELECT to_jsonb(q)::text FROM ({query}) q "  # noqa: S608 - a file of this package
            "WHERE q.oid = ANY (%(oids)s::bigint[])"
        )
        cursor = psycopg.Cursor(self._connection, row_factory=tuple_row)
        parameters = {"schemas": self._oids, "oids": oids}
        return cursor.execute(statement.encode(), parameters, prepare=True)

    def _ask(self, query: str, **parameters: object) -> list[Row]:
        statement = f"SELECT to_jsonb(q)::text FROM ({query}) q"  # noqa: S608 - likewise
        return _rows(self._cursor.execute(statement.encode(), parameters))

    def _assembled(
        self, objects: dict[str, list[Row]], common: dict[str, Sequence[Row]]
    ) -> dict[Owner, list[Entry]]:
        """The entries of each object, by the reader's own assembly."""
        entries: dict[Owner, list[Entry]] = {}
        for name, rows in objects.items():
            for row in rows:
                (entry,) = assemble({name: [row]}, common, self._server, self.schemas, owners=False)
                entries.setdefault((row["catalog"], row["oid"]), []).append(entry)
        return entries

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
        idle_objects, common = _settled(self._connection, self.schemas, idle=True)
        whole = assemble(idle_objects, common, self._server, self.schemas, owners=False)
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
                bare = assemble({name: [row]}, _NOTHING, self._server, self.schemas, owners=False)
                for entry in bare:
                    if entry.address in whole:
                        owned.setdefault((row["catalog"], row["oid"]), []).append(entry.address)
        return owned


def _prints(rows: Sequence[tuple[Any, ...]]) -> Prints:
    prints: Prints = {}
    for watch, count, digest, _ in rows:
        if watch != "horizon":
            counted, summed = prints.get(watch, (0, 0))
            prints[watch] = (counted + count, summed + int(digest or 0))
    return prints


def _owner(text: str) -> tuple[str, Owner]:
    key, catalog, oid = text.rsplit(" ", 2)
    return key, (int(catalog), int(oid))


def _rows(cursor: psycopg.Cursor[Any]) -> list[Row]:
    return [json.loads(text) for (text,) in cursor]


_QUERIES = load("pgrevise.catalog", "sql", "tracking.sql")
