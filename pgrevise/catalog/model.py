"""The picture of a schema: frozen, hashable, and the same for twins.

Only data lives here: no database, no comparison (that is `diff`), no wording (`wording`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

from pgrevise.errors import SettingsError

FORMAT = 1

Fact = str | int | bool | tuple[str, ...] | None
Address = tuple[str, str]


@dataclass(frozen=True)
class Entry:
    """One object of a schema: what it is called and everything that is said about it.

    ``kind`` is a word such as "table", "column", "index" or "function". ``name`` identifies the
    object among its kind: "queue_jobs", "queue_jobs.priority", "add(integer, integer)"; a part
    that is more than letters, digits, `_` and `$` stands in double quotes. The name of the first
    schema read is left out; any other comes first, as in "audit.log". ``stated`` holds the facts,
    sorted by their names, without those that say nothing (NULL, false, an empty list).
    ``parent`` is what the object goes away with: a column's table, an index's constraint.
    """

    kind: str
    name: str
    stated: tuple[tuple[str, Fact], ...] = ()
    parent: Address | None = field(default=None, compare=False)

    @property
    def address(self) -> Address:
        """The kind and the name: what identifies an object in a catalog."""
        return (self.kind, self.name)

    @cached_property
    def facts(self) -> Mapping[str, Fact]:
        """The facts by name; one that is not there says nothing (no, none, the default)."""
        return MappingProxyType(dict(self.stated))


@dataclass(frozen=True)
class Catalog:
    """One exact picture of one schema, or of several.

    Two catalogs are equal when their entries are; the server's major version and the names of the
    schemas they were read from do not count. The entries are sorted by kind, then name. Compare
    catalogs of one major version: 18 keeps NOT NULL as constraints, and renderings may change.
    """

    entries: tuple[Entry, ...]
    server: int = field(compare=False)
    schemas: tuple[str, ...] = field(compare=False)

    @cached_property
    def by_address(self) -> Mapping[Address, Entry]:
        """The entries by their kind and name."""
        return {entry.address: entry for entry in self.entries}

    @cached_property
    def _by_kind(self) -> dict[str, tuple[Entry, ...]]:
        found: dict[str, list[Entry]] = {}
        for entry in self.entries:
            found.setdefault(entry.kind, []).append(entry)
        return {kind: tuple(entries) for kind, entries in found.items()}

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __contains__(self, address: object) -> bool:
        return address in self.by_address

    def get(self, kind: str, name: str) -> Entry | None:
        """Return the entry of that kind and name, or None."""
        return self.by_address.get((kind, name))

    def of_kind(self, kind: str) -> tuple[Entry, ...]:
        """Return the entries of that kind, sorted by name."""
        return self._by_kind.get(kind, ())

    def without(self, addresses: Iterable[Address]) -> Catalog:
        """Return this catalog less these objects and all that goes away with them.

        Addresses that are not in the catalog are passed over.
        """
        gone = set(addresses)
        by_address = self.by_address

        def is_gone(entry: Entry) -> bool:
            while entry.address not in gone:
                above = by_address.get(entry.parent) if entry.parent else None
                if above is None:
                    return entry.parent in gone
                entry = above
            return True

        kept = tuple(entry for entry in self.entries if not is_gone(entry))
        return Catalog(kept, self.server, self.schemas)

    def to_json(self) -> str:
        """Return the catalog as JSON text: equal catalogs of equal sources give equal texts."""
        entries = [
            {
                "kind": entry.kind,
                "name": entry.name,
                "parent": list(entry.parent) if entry.parent else None,
                "facts": dict(entry.stated),
            }
            for entry in self.entries
        ]
        head = {"format": FORMAT, "server": self.server, "schemas": list(self.schemas)}
        return json.dumps(head | {"entries": entries}, ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Catalog:
        """Return the catalog that `to_json` wrote.

        Raises SettingsError if the text is no such thing.
        """
        try:
            data = json.loads(text)
            if data["format"] != FORMAT:
                raise SettingsError(
                    f"The catalog is in format {data['format']}; this version reads {FORMAT}.",
                    "Write it again with this version of pgrevise.",
                )
            entries = (_entry(item) for item in data["entries"])
            return cls(tuple(entries), int(data["server"]), tuple(data["schemas"]))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise SettingsError(
                f"The text is not a catalog written by pgrevise: {error!r}.",
                "Give the file that was written with Catalog.to_json().",
            ) from error


def state(facts: Mapping[str, Any]) -> tuple[tuple[str, Fact], ...]:
    """Return facts as a catalog keeps them: sorted, lists as tuples, the silent ones left out."""
    kept = []
    for name, value in sorted(facts.items()):
        if value is None or value is False or value == []:
            continue
        kept.append((name, tuple(value) if isinstance(value, list) else value))
    return tuple(kept)


def _entry(item: Mapping[str, Any]) -> Entry:
    parent = item["parent"]
    return Entry(
        str(item["kind"]),
        str(item["name"]),
        state(item["facts"]),
        (parent[0], parent[1]) if parent else None,
    )
