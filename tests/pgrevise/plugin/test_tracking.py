"""The tracker arrives at exactly what a full read gives, whatever is changed.

The statements are the random ones of the proof against pg_dump. ``PGREVISE_TRACKING_CASES=100``
runs more cases than the few of an ordinary run.
"""

from __future__ import annotations

import os
import random
from contextlib import suppress

import psycopg
import pytest

from pgrevise.catalog import diff, read
from pgrevise.catalog.tracking import Tracker
from pgrevise.postgres.connect import connect
from pgrevise.postgres.target import Target
from tests.pgrevise.catalog.test_against_pg_dump import chosen

CASES = int(os.environ.get("PGREVISE_TRACKING_CASES", "2"))
STATEMENTS = 100


@pytest.mark.parametrize("seed", range(CASES))
def test_tracked_is_read(database: Target, seed: int) -> None:
    chance = random.Random(seed)
    with connect(database) as connection, connect(database) as watching:
        connection.execute("CREATE SCHEMA s")
        connection.execute("SET search_path = s, pg_catalog")
        connection.execute("CREATE TABLE fixed (c1 integer, c2 text, c3 integer)")
        connection.execute("CREATE TABLE fixed_too (c1 integer PRIMARY KEY)")
        connection.execute("CREATE TABLE fixed_parts (c1 integer) PARTITION BY RANGE (c1)")
        tracker, ran = Tracker(watching, ["s"]), []
        for template in chosen(connection.info.server_version // 10000, chance):
            statement = template.fill(chance)
            with suppress(psycopg.Error):
                connection.execute(statement.encode())
                ran.append(statement)
                tracker.update()
                wanted = read(connection, ["s"])
                different = [change.sentence for change in diff(wanted, tracker.catalog())]
                assert different == [], (seed, ran[-3:])
            if len(ran) > STATEMENTS:
                break
        assert tracker.full_reads < STATEMENTS


def test_a_name_of_postgresqls_own_is_met_with_full_reads(database: Target) -> None:
    with connect(database) as connection, connect(database) as watching:
        tracker = Tracker(watching)
        connection.execute("CREATE TABLE shapes (outline box)")
        tracker.update()
        connection.execute("CREATE TABLE box (x integer)")
        tracker.update()
        assert tracker.catalog() == read(connection, ["public"])
        assert tracker.catalog().get("column", "shapes.outline") is not None


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE jobs RENAME TO tasks",
        "ALTER TABLE jobs RENAME id TO number",
        "ALTER VIEW waiting RENAME TO pending",
        "ALTER MATERIALIZED VIEW kept RENAME id TO number",
        "ALTER SEQUENCE numbers RENAME TO figures",
    ],
)
def test_what_names_a_renamed_object_is_rendered_anew(database: Target, statement: str) -> None:
    with connect(database) as connection, connect(database) as watching:
        connection.execute("""
            CREATE SEQUENCE numbers;
            CREATE TABLE jobs (id bigint DEFAULT nextval('numbers'));
            CREATE VIEW waiting AS SELECT id FROM jobs;
            CREATE MATERIALIZED VIEW kept AS SELECT id FROM waiting;
            CREATE VIEW shown AS SELECT id FROM kept;
        """)
        tracker = Tracker(watching)
        connection.execute(statement.encode())
        tracker.update()
        assert diff(read(connection, ["public"]), tracker.catalog()) == []
