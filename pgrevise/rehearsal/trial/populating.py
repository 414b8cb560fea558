"""Putting rows into the tables of a trial, and saying which have some.

The rows themselves are made by `pgrevise.rehearsal.rows`; here is what it is called with, and how
its tables are called in reports.
"""

from __future__ import annotations

from collections.abc import Sequence

import psycopg
from psycopg import sql

from pgrevise.rehearsal.rows import Filled, fill
from pgrevise.rehearsal.trial.facts import FilledTable
from pgrevise.rehearsal.trial.keeping import Place, count, places
from pgrevise.rehearsal.trial.touching import Name
from pgrevise.rehearsal.workshop.workshop import Workshop


def fill_tables(
    connection: psycopg.Connection[tuple[object, ...]],
    workshop: Workshop,
    wanted: Sequence[Place],
    rows: int | dict[str, int],
    patience: float,
) -> Filled:
    """Put rows into tables, with the project's hints, and let the planner know.

    ``rows`` is a number, or numbers by `name_for_filling`; no statement takes longer than
    ``patience`` seconds.
    """
    schemas = list(dict.fromkeys(("public", *(place.schema for place in places(connection)))))
    connection.execute(
        "SELECT set_config('statement_timeout', %s, false)", [f"{max(1, round(patience * 1000))}ms"]
    )
    try:
        filled = fill(
            connection,
            [name_for_filling(place) for place in wanted],
            rows=rows,
            schemas=schemas,
            hints=dict(workshop.settings.rows),
        )
    finally:
        if not connection.closed:
            connection.execute("SET statement_timeout = 0")
    named = [place for place in places(connection) if name_for_filling(place) in filled.tables]
    if named:
        every = sql.SQL(", ").join(sql.Identifier(p.schema, p.name) for p in named)
        connection.execute(sql.SQL("ANALYZE {}").format(every))
    return filled


def name_for_filling(place: Place) -> str:
    """How `pgrevise.rehearsal.rows` calls a table: bare, with its schema unless that is public."""
    return place.name if place.schema == "public" else f"{place.schema}.{place.name}"


def touched_places(
    connection: psycopg.Connection[tuple[object, ...]], tables: frozenset[Name]
) -> tuple[Place, ...]:
    """The tables of these names that are there."""
    return tuple(place for place in places(connection) if (place.schema, place.name) in tables)


def described(
    connection: psycopg.Connection[tuple[object, ...]], filled: Filled, wanted: Sequence[Place]
) -> tuple[tuple[FilledTable, ...], list[Place]]:
    """The tables of a trial as they are reported, and those of them that have rows."""
    found: list[FilledTable] = []
    there: list[Place] = []
    for place in places(connection):
        name = name_for_filling(place)
        if place not in wanted and name not in filled.tables:
            continue
        rows = count(connection, place)
        why = filled.unfilled.get(name)
        reason = f"{why.reason} {why.next_step}" if why and not rows else ""
        found.append(FilledTable(place.label, rows, reason, is_touched=place in wanted))
        if rows:
            there.append(place)
    return tuple(found), there
