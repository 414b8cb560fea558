"""A state of the definitions is recognised when it is back, and no other is taken for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from pgrevise.catalog.moments import Counters, Moments
from pgrevise.postgres.connect import connect
from pgrevise.postgres.target import Target


@dataclass(frozen=True)
class Schema:
    """A schema that is changed in one session and watched from another."""

    connection: psycopg.Connection[Any]
    moments: Moments
    hands_over: bool

    def change(self, *statements: str) -> None:
        with self.connection.transaction():
            for statement in statements:
                self.connection.execute(statement.encode())
            self.connection.execute("INSERT INTO witness DEFAULT VALUES")
        if self.hands_over and self.connection.info.server_version >= 150000:
            self.connection.execute("SELECT pg_stat_force_next_flush()")

    def keep(self, *statements: str) -> None:
        self.change(*statements)
        self.moments.keep()


@pytest.fixture(params=[True, False], ids=["counted", "scanned"])
def schema(database: Target, request: pytest.FixtureRequest) -> Iterator[Schema]:
    """Two states, without and with ``jobs``, after some that are the same."""
    with closing(connect(database)) as connection, closing(connect(database)) as watching:
        connection.execute("CREATE TABLE witness (n integer GENERATED ALWAYS AS IDENTITY)")
        connection.execute("CREATE TABLE queues (id integer PRIMARY KEY, name text)")
        made = Schema(connection, Moments(watching, "witness"), request.param)
        made.keep()
        made.keep()
        made.keep("CREATE TABLE jobs (id integer PRIMARY KEY, queue integer REFERENCES queues)")
        yield made


def test_a_state_is_back(schema: Schema) -> None:
    schema.change("DROP TABLE jobs")
    assert schema.moments.is_back(1)


def test_nothing_happened(schema: Schema) -> None:
    assert schema.moments.is_back(2)


def test_one_state_after_the_other_is_back(schema: Schema) -> None:
    schema.keep("CREATE VIEW waiting AS SELECT * FROM jobs", "CREATE INDEX ON jobs (queue)")
    schema.keep("ALTER TABLE queues ADD size integer")
    schema.change("DROP VIEW waiting", "DROP INDEX jobs_queue_idx", "DROP TABLE jobs")
    assert not schema.moments.is_back(3)
    schema.change("ALTER TABLE queues DROP size")
    assert not schema.moments.is_back(1)


@pytest.mark.parametrize(
    "leftover",
    [
        "CREATE TYPE mood AS ENUM ('sad')",
        "CREATE INDEX ON queues (name)",
        "ALTER TABLE queues ADD CHECK (id > 0)",
        "ALTER TABLE queues ALTER name SET NOT NULL",
        "ALTER TABLE queues ALTER name SET DEFAULT 'x'",
        "ALTER TABLE queues SET (fillfactor = 50)",
        "ALTER TABLE queues RENAME TO rows_of_people",
        "COMMENT ON COLUMN queues.name IS 'x'",
        "COMMENT ON SCHEMA public IS 'x'",
        "GRANT SELECT ON queues TO public",
        "REVOKE USAGE ON SCHEMA public FROM public",
        "CREATE FUNCTION one() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO public",
        "CREATE STATISTICS s ON id, name FROM queues",
    ],
)
def test_a_leftover_is_seen(schema: Schema, leftover: str) -> None:
    schema.change(leftover, "DROP TABLE jobs")
    assert not schema.moments.is_back(1)


def test_a_leftover_in_place_of_something_lost_is_seen(schema: Schema) -> None:
    schema.keep("CREATE SEQUENCE one")
    schema.keep("CREATE SEQUENCE two")
    schema.change("DROP SEQUENCE one")
    assert not schema.moments.is_back(3)


def test_something_lost_is_seen_below_a_state_that_was_back(schema: Schema) -> None:
    schema.keep("CREATE SEQUENCE one")
    schema.keep("CREATE SEQUENCE two")
    schema.keep("CREATE SEQUENCE three")
    schema.change("DROP SEQUENCE three")
    assert schema.moments.is_back(4)
    schema.change("DROP SEQUENCE one")
    assert not schema.moments.is_back(3)


def test_what_was_made_anew_is_not_taken_for_the_old(schema: Schema) -> None:
    schema.change("DROP TABLE jobs")
    schema.change("CREATE TABLE jobs (id integer PRIMARY KEY, queue integer REFERENCES queues)")
    assert not schema.moments.is_back(2)


def test_what_other_sessions_left_is_seen(schema: Schema, database: Target) -> None:
    with connect(database) as other:
        other.execute("CREATE SEQUENCE s")
    schema.change("DROP TABLE jobs")
    assert not schema.moments.is_back(1)


@pytest.mark.parametrize(
    ("after", "tell_all"),
    [
        (Counters(8, (), (), (), 1), True),  # nothing was written
        (Counters(9, (), (), (), 2), True),
        (Counters(9, (), (), (), 1), False),  # it is not counted yet
        (Counters(9, (), (), (), None), False),  # there is no such table
        (Counters(10, (), (), (), 3), False),  # of one of the two it is not known
    ],
)
def test_counters_that_tell_all(after: Counters, tell_all: bool) -> None:
    assert after.tell_all_since(Counters(8, (), (), (), 1)) is tell_all
