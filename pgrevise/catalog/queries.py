"""The catalog queries, by name, from the `.sql` files beside this module.

Loading only: what the queries mean is written above each of them, and running them is the
reader's work. A query begins at a line `-- name: word` and ends at the next one.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

OBJECT_FILES = ("relations", "attached", "types", "rest")
_HEAD = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


@cache
def object_queries() -> dict[str, str]:
    """Return the queries that each answer with one row per object, in the order of the files."""
    found: dict[str, str] = {}
    for file in OBJECT_FILES:
        found |= _load(file)
    return found


@cache
def common_queries() -> dict[str, str]:
    """Return the queries about schemas, comments, privileges and completeness."""
    return _load("common")


def _load(file: str) -> dict[str, str]:
    text = (files(__package__) / "sql" / f"{file}.sql").read_text(encoding="utf-8")
    pieces = _HEAD.split(text)[1:]
    return {
        name: body.strip().removesuffix(";")
        for name, body in zip(pieces[::2], pieces[1::2], strict=True)
    }
