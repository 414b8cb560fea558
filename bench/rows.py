"""Rows per second of the generator beside `generate_series` in plain SQL, which is the limit.

`python -m bench.rows` prints them for a narrow and a wide table, both sides in turn in one run.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from bench.timing import Comparison, compare
from pgrevise import settings
from pgrevise.postgres.connect import connect
from pgrevise.postgres.scratch import scratch_databases, scratch_server
from pgrevise.rehearsal.rows import fill

ROOT = Path(__file__).parents[1]
NARROW = "id bigint PRIMARY KEY, n integer NOT NULL, note text"
NARROW_VALUES = "i, i % 1000, 'v' || i"
_WIDE_KINDS = {
    "t": ("text", "'v' || i"),
    "n": ("integer", "i::integer"),
    "d": ("timestamptz", "timestamptz '2020-01-01' + i * interval '1 minute'"),
    "j": ("jsonb", "jsonb_build_object('id', i, 'name', 'v' || i)"),
    "m": ("numeric(10,2)", "i * 0.01"),
    "u": ("uuid", "md5(i::text)::uuid"),
    "b": ("boolean", "i % 2 = 0"),
}
WIDE = ", ".join(f"{k}{n} {type_}" for n in range(4) for k, (type_, _) in _WIDE_KINDS.items())
WIDE_VALUES = ", ".join(value for _ in range(4) for _, value in _WIDE_KINDS.values())
TABLES = {"narrow": (NARROW, NARROW_VALUES, 1), "wide": (WIDE, WIDE_VALUES, 10)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.rows", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the narrow table")
    parser.add_argument("--runs", type=int, default=3, help="pairs for each measurement")
    arguments = parser.parse_args()
    with (
        scratch_server(settings.load(ROOT)) as server,
        scratch_databases(server) as (target,),
        connect(target) as connection,
    ):
        for rows, result in measurements(connection, arguments.rows, arguments.runs):
            print(
                f"{result.what:<24} {rows:>9} rows {rows / result.ours:10.0f} rows/s "
                f"{result.ratio:6.2f} x  {result.peer} ({rows / result.theirs:.0f} rows/s)",
                flush=True,
            )


def measurements(
    connection: psycopg.Connection[Any], most: int, runs: int
) -> Iterator[tuple[int, Comparison]]:
    """Each table filled by us and by plain SQL, emptied before each time."""
    for name, (columns, values, share) in TABLES.items():
        rows = most // share
        run(connection, f"CREATE UNLOGGED TABLE {name} ({columns})")
        series = f"generate_series(1, {rows}::bigint) i"
        plain = f"INSERT INTO {name} SELECT {values} FROM {series}"  # noqa: S608 - our own words
        theirs = partial(run, connection, plain)
        yield (
            rows,
            compare(
                f"rows in a {name} table",
                emptied(connection, name, partial(ours, connection, name, rows)),
                "generate_series in plain SQL",
                emptied(connection, name, theirs),
                runs,
            ),
        )


def ours(connection: psycopg.Connection[Any], name: str, rows: int) -> None:
    """Fill the table, and insist that it is full."""
    assert fill(connection, [name], rows=rows).tables[name].rows == rows


def run(connection: psycopg.Connection[Any], statement: str) -> None:
    """Run a statement that was put together here."""
    connection.execute(statement.encode())


def emptied(
    connection: psycopg.Connection[Any], name: str, action: Callable[[], None]
) -> Callable[[], None]:
    """The action on an empty table."""

    def act() -> None:
        run(connection, f"TRUNCATE {name}")
        action()

    return act


if __name__ == "__main__":
    main()
