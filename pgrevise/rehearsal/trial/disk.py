"""Whether the disk of the private server is large enough for rows that are about to be made.

Reckoned from the few rows that are there, before any of the many is. It is a guess on the safe
side: better to refuse than to fill somebody's disk.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping

import psycopg
from psycopg import sql

from pgrevise.errors import UsageError
from pgrevise.rehearsal.trial.keeping import QUERIES, Place

#: What a row costs beside its values: its place in the page, what fits into no page.
_BESIDE = 8
#: What an entry of an index takes with the room that is left in its pages.
_ENTRY = 48
#: A rewrite has the table twice; what is being sorted for an index is a third of it.
_WHILE_IT_RUNS = 2.3
#: The log of changes keeps so much between checkpoints (`max_wal_size`, and as much again).
_LOG = 512 * 1024**2
#: What is left for everybody else.
_SPARE = 256 * 1024**2


def needed(
    connection: psycopg.Connection[tuple[object, ...]], sizes: Mapping[Place, int], copies: int = 1
) -> int:
    """The bytes that so many rows take in ``copies`` databases while a revision runs."""
    total = 0.0
    for place, rows in sizes.items():
        table = sql.Identifier(place.schema, place.name)
        query = sql.SQL(QUERIES["widths"]).format(table=table, oid=sql.Literal(place.oid))
        there, width, indexes = connection.execute(query).fetchall()[0]
        if there:
            total += rows * (float(str(width)) + _BESIDE + int(str(indexes)) * _ENTRY)
    return round(total * (copies - 1 + _WHILE_IT_RUNS) + min(total, _LOG))


def check(
    connection: psycopg.Connection[tuple[object, ...]], sizes: Mapping[Place, int], copies: int = 1
) -> None:
    """Raise `UsageError` unless there is room for so many rows where the server keeps its data."""
    wanted = needed(connection, sizes, copies)
    folder = str(connection.execute("SHOW data_directory").fetchall()[0][0])
    free = max(0, shutil.disk_usage(folder).free - _SPARE)
    if wanted <= free:
        return
    tables = ", ".join(f"{place.label} ({rows:,} rows)" for place, rows in sizes.items())
    raise UsageError(
        f"Filling {tables} takes about {in_words(wanted)}, and the disk of the private server has "
        f"{in_words(free)} to spare.",
        "Give fewer --rows, and --stats to scale times from them; or make room.",
    )


def in_words(size: float) -> str:
    """A size as people say it: 12.3 GB."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
