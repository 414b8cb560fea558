"""Which queries make up a read of the catalog. What each means is written in its `.sql` file."""

from __future__ import annotations

from functools import cache

from pgrevise.queries import load

OBJECT_FILES = ("relations", "attached", "types", "rest")


@cache
def object_queries() -> dict[str, str]:
    """Return the queries that each answer with one row per object, in the order of the files."""
    found: dict[str, str] = {}
    for file in OBJECT_FILES:
        found |= load("pgrevise.catalog", "sql", f"{file}.sql")
    return found


def common_queries() -> dict[str, str]:
    """Return the queries about schemas, comments, privileges and completeness."""
    return load("pgrevise.catalog", "sql", "common.sql")
