"""From the rows that the queries gave to a catalog.

Pure: rows in, catalog out. Which rows there are is decided in the `.sql` files; here they are
named, stripped of what extensions own, joined with comments, privileges and owners, and checked:
an object that no query read is an error, never silence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pgrevise.catalog.model import Address, Catalog, Entry, state
from pgrevise.errors import ServerUnsupported

Row = Mapping[str, Any]
Rows = Mapping[str, Sequence[Row]]

_ABOUT = {"kind", "path", "signature", "parent", "catalog", "oid", "sub", "owner"}
_PLAIN = re.compile(r"[\w$]+")
_LISTED = re.compile(r'"(?:[^"]|"")*"|[^,\s]+')
_SHOWN = 10


def assemble(
    objects: Rows, common: Rows, server: int, schemas: Sequence[str], *, owners: bool
) -> Catalog:
    """Return the catalog that these rows describe.

    ``objects`` and ``common`` hold the answers by the query's name. Raises ServerUnsupported when
    the schemas hold objects of a kind that no query reads.
    """
    members = {(row["catalog"], row["oid"]) for row in common["extension_members"]}
    read = {(row["catalog"], row["oid"]) for rows in objects.values() for row in rows}
    _refuse_unread(common["contents"], read | members)
    extras = _extras(common)
    roles = {row["oid"]: row["name"] for row in common["role_names"]} if owners else {}
    entries: dict[Address, Entry] = {}
    left_out: set[Address] = set()
    for rows in objects.values():
        for row in rows:
            entry = _entry(row, schemas[0], extras, roles)
            if (row["catalog"], row["oid"]) in members or entry.parent in left_out:
                left_out.add(entry.address)
            else:
                entries[entry.address] = entry
    ordered = tuple(entries[address] for address in sorted(entries))
    return Catalog(ordered, server, tuple(schemas))


def _refuse_unread(contents: Sequence[Row], known: set[tuple[int, int]]) -> None:
    unread = sorted(
        row["description"] for row in contents if (row["catalog"], row["oid"]) not in known
    )
    if not unread:
        return
    more = f", and {len(unread) - _SHOWN} more" if len(unread) > _SHOWN else ""
    raise ServerUnsupported(
        "The schema holds what this version of pgrevise cannot read: "
        f"{', '.join(unread[:_SHOWN])}{more}.",
        "Move it to a schema of its own, or report the kind of object that is missing.",
    )


Extras = dict[tuple[int, int, int], dict[str, Any]]


def _extras(common: Rows) -> Extras:
    """What is read of every kind at once, by system catalog, oid and column number."""
    extras: Extras = {}
    for row in common["comments"]:
        extras.setdefault((row["catalog"], row["oid"], row["sub"]), {})["comment"] = row["comment"]
    for row in common["privileges"]:
        facts = extras.setdefault((row["catalog"], row["oid"], row["sub"]), {})
        facts[row["fact"]] = sorted([*facts.get(row["fact"], []), row["privilege"]])
    for row in common["extension_dependents"]:
        facts = extras.setdefault((row["catalog"], row["oid"], 0), {})
        facts["depends on extension"] = sorted(
            {*facts.get("depends on extension", []), row["extension"]}
        )
    return extras


def _entry(row: Row, first: str, extras: Extras, roles: Mapping[int, str]) -> Entry:
    facts = {key: value for key, value in row.items() if key not in _ABOUT}
    facts |= extras.get((row["catalog"], row["oid"], row.get("sub", 0)), {})
    if "settings" in facts:
        facts["settings"] = [_without_schema(s, first) for s in facts["settings"] or ()]
    if roles and "owner" in row:
        facts["owner"] = roles.get(row["owner"])
    parent = row.get("parent")
    return Entry(
        row["kind"],
        (_name(row["path"], first) + row.get("signature", "")).strip(),
        state(facts),
        (parent[0], _name(parent[1:], first)) if parent else None,
    )


def _name(path: Sequence[str], first: str) -> str:
    """Join the parts of a name, the first schema's own left out, each unambiguous."""
    parts = path[1:] if path and path[0] == first else path
    return ".".join(
        part if _PLAIN.fullmatch(part) else '"' + part.replace('"', '""') + '"' for part in parts
    )


def _without_schema(setting: str, first: str) -> str:
    """Name the schema read symbolically in a function's own search_path."""
    key, _, value = setting.partition("=")
    if key != "search_path":
        return setting
    names = _LISTED.findall(value)
    return "search_path=" + ", ".join(
        "(this schema)" if _unquoted(name) == first else name for name in names
    )


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
