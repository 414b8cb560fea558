"""Keeping the rows of tables as they are, and saying later what became of them.

The rows are read as text and kept here, since anything kept in the database might be in the
revision's way. What is the same and what is not is decided in `comparing`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from pgrevise.queries import load
from pgrevise.rehearsal.trial.comparing import At, Column, Kept, losses
from pgrevise.rehearsal.trial.facts import Loss

QUERIES = load("pgrevise.rehearsal.trial", "trial.sql")
#: Tables as they are at a moment, in the order in which they were kept.
Look = tuple[Kept | None, ...]
#: Tables with more rows, which the history or the baseline brought, are not compared.
MOST_ROWS = 20_000


@dataclass(frozen=True)
class Place:
    """A table of the working database; ``label`` is its name as SQL writes it."""

    oid: int
    schema: str
    name: str
    label: str
    is_partitioned: bool

    @property
    def sql(self) -> sql.Composable:
        """What its own rows are selected from."""
        named = sql.Identifier(self.schema, self.name)
        return named if self.is_partitioned else sql.SQL("ONLY {}").format(named)


def places(connection: psycopg.Connection[Any]) -> tuple[Place, ...]:
    """The tables of the database, those of "public" first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return tuple(Place(**row) for row in cursor.execute(QUERIES["tables"].encode()))


def count(connection: psycopg.Connection[Any], place: Place) -> int:
    """How many rows a table has."""
    query = sql.SQL("SELECT count(*) FROM {}").format(place.sql)
    return int(connection.execute(query).fetchall()[0][0])


class Keeping:
    """The rows of some tables as they were when it was made; ``notes`` say what was not kept."""

    def __init__(self, connection: psycopg.Connection[Any], tables: Iterable[Place]) -> None:
        self._connection = connection
        self.notes: list[str] = []
        self._kept: list[tuple[Place, Kept]] = []
        for place in tables:
            rows = count(connection, place)
            if rows > MOST_ROWS:
                self.notes.append(
                    f"The values of {place.label} were not compared: it has {rows:,} rows, and up "
                    f"to {MOST_ROWS:,} are."
                )
            elif rows:
                self._kept.append((place, _read(connection, place)))

    def look(self) -> Look:
        """The same tables as they are now; None for one that is gone."""
        there = places(self._connection)
        found = [_same(place, there) for place, _ in self._kept]
        return tuple(_read(self._connection, same) if same else None for same in found)

    def losses(self, now: Look, at: At, *, is_final: bool) -> tuple[Loss, ...]:
        """What was not the same at a look; what was gone for then counts with ``is_final``."""
        return tuple(
            loss
            for (_, was), there in zip(self._kept, now, strict=True)
            for loss in losses(was, there, at, is_final=is_final)
        )


def _same(place: Place, there: Sequence[Place]) -> Place | None:
    """The table that it is now: itself, whatever it is called, or else the one of its name."""
    by_oid = next((one for one in there if one.oid == place.oid), None)
    named = (place.schema, place.name)
    return by_oid or next((one for one in there if (one.schema, one.name) == named), None)


def _read(connection: psycopg.Connection[Any], place: Place) -> Kept:
    with connection.cursor(row_factory=dict_row) as cursor:
        parameters = {"oid": place.oid}
        columns = tuple(
            Column(**row) for row in cursor.execute(QUERIES["columns"].encode(), parameters)
        )
        keys = tuple(
            tuple(row["columns"]) for row in cursor.execute(QUERIES["keys"].encode(), parameters)
        )
    values = sql.SQL(", ").join(
        sql.SQL("{}::text").format(sql.Identifier(column.name)) for column in columns
    )
    query = sql.SQL("SELECT {} FROM {}").format(values, place.sql)
    rows = connection.execute(query).fetchall() if columns else []
    return Kept(place.oid, place.label, columns, tuple(map(tuple, rows)), keys)
