"""What objects of before are called after the upgrade, and which are not the same any more.

No rule is here. Pure. A catalog knows objects by their names only; which one became
which is told by the statements that renamed, moved or dropped them, and believed when the catalogs
bear it out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pgrevise.catalog.naming import parts
from pgrevise.rehearsal.facts import Observed, Statement
from pgrevise.rehearsal.rules.common import bare, mentions, own, without_literals

_NAME = r'(?:"(?:[^"]|"")*"|[\w$]+)'
_PATH = rf"{_NAME}(?:\s*\.\s*{_NAME})*"
_RENAMES = re.compile(
    rf"""(?:^|;)\s*ALTER\s+(?P<kind>[A-Z]+(?:\s+(?:VIEW|TABLE)\b)?)\s+
    (?:IF\s+EXISTS\s+)?(?:ONLY\s+)?(?P<was>{_PATH})\s*(?:\([^;]*?\))?\s*
    (?P<how>RENAME\s+TO|SET\s+SCHEMA)\s+(?P<now>{_NAME})""",
    re.IGNORECASE | re.VERBOSE,
)
_DROPS = re.compile(
    rf"(?:^|;)\s*DROP\s+TABLE\s+(?:IF\s+EXISTS\s+)?(?P<tables>{_PATH}(?:\s*,\s*{_PATH})*)",
    re.IGNORECASE,
)
_COPIES = re.compile(r"\b(?:INSERT\s+INTO|CREATE\s+TABLE)\b.*\bFROM\b", re.IGNORECASE | re.DOTALL)
_PUBLIC = "public"

Path = tuple[str, str]


def new_name(seen: Observed, kind: str, name: str) -> str:
    """What an object of before that is gone is called now, "" when it was dropped.

    A schema is found too; what lies in one that is renamed is found under the new name.
    """
    if seen.after is None:
        return ""
    path = _path(kind, name)
    for statement in own(seen.upgrade):
        path = _followed(statement, kind, path)
    if path == _path(kind, name):
        return ""
    for entry in seen.after.of_kind(kind):
        if _path(kind, entry.name) == path and entry.address not in seen.before:
            return entry.name
    return ""


def emptied_tables(seen: Observed) -> Iterator[tuple[str, Statement]]:
    """Tables that are there before and after, and were dropped in between without a copy."""
    copied: list[str] = []
    for statement in own(seen.upgrade):
        if statement.error or seen.after is None:
            continue
        if _COPIES.search(statement.sql):
            copied.append(statement.sql)
        found = _DROPS.search(without_literals(statement.sql))
        for path in re.findall(_PATH, found["tables"]) if found else ():
            name = _table(seen, _plain(path))
            if ("table", name) in seen.after and not any(mentions(c, bare(name)) for c in copied):
                yield name, statement


def routine(name: str) -> str:
    """The name of a function without its arguments, as a catalog writes it."""
    inside = False
    for position, character in enumerate(name):
        inside ^= character == '"'
        if character == "(" and not inside:
            return name[:position]
    return name


def _table(seen: Observed, path: tuple[str, ...]) -> str:
    """The table of before that a statement names; without a schema, rather one of the first."""
    found = [
        entry.name
        for entry in seen.before.of_kind("table")
        if _path("table", entry.name)[-len(path) :] == path
    ]
    return min(found, key=len, default="")


def _followed(statement: Statement, kind: str, path: Path) -> Path:
    """The path of an object after a statement."""
    if statement.error or "alter" not in statement.sql.lower():
        return path
    for found in _RENAMES.finditer(without_literals(statement.sql)):
        was, now = _plain(found["was"]), _plain(found["now"])[-1]
        moves = found["how"].upper().startswith("SET")
        if found["kind"].upper() == "SCHEMA":
            if kind == "schema" and was[-1] == path[1]:
                path = ("", now)
            elif kind != "schema" and was[-1] == path[0]:
                path = (now, path[1])
        elif kind != "schema" and was[-1] == path[1] and was[:-1] in ((), path[:1]):
            path = (now, path[1]) if moves else (path[0], now)
    return path


def _path(kind: str, name: str) -> Path:
    """The schema and the bare name of an object, from its name in a catalog."""
    found = parts(routine(name)) or (_PUBLIC,)
    if kind == "schema":
        return ("", found[-1])
    return (found[-2] if len(found) > 1 else _PUBLIC, found[-1])


def _plain(name: str) -> tuple[str, ...]:
    """The parts of a name in a statement, as a catalog has them: unquoted is lower case."""
    found = re.findall(_NAME, name)
    return tuple(
        part[1:-1].replace('""', '"') if part.startswith('"') else part.lower() for part in found
    )
