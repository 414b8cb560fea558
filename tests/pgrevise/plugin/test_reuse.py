"""A database that a test has used is handed out again only when it is what its template is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pgrevise.postgres.connect import connect
from pgrevise.postgres.target import Target
from pgrevise.postgres.templates import Templates, open_templates
from pgrevise.settings import Settings

HISTORY = """
CREATE TABLE jobs (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, state text UNIQUE);
CREATE INDEX ON jobs (state) WHERE id > 1;
CREATE TABLE attempts (id serial, job bigint REFERENCES jobs);
CREATE TABLE queues (name text PRIMARY KEY, position int);
INSERT INTO queues VALUES ('mail', 1), ('print', 2);
CREATE TABLE "odd {} % name" (id int);
CREATE UNLOGGED TABLE cache (key text);
CREATE TABLE events (day int, job bigint REFERENCES jobs) PARTITION BY RANGE (day);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (1) TO (2);
CREATE MATERIALIZED VIEW open_jobs AS SELECT * FROM jobs;
CREATE MATERIALIZED VIEW places AS SELECT * FROM queues;
CREATE SEQUENCE numbers START 7;
CREATE SEQUENCE used;
SELECT nextval('used');
CREATE TYPE mood AS ENUM ('good');
CREATE VIEW job_states AS SELECT state FROM jobs;
CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'
"""
EVERYTHING = """
SELECT (SELECT count(*) FROM jobs), (SELECT count(*) FROM attempts), (SELECT count(*) FROM cache),
    (SELECT count(*) FROM events), (SELECT array_agg(q::text) FROM queues q),
    (SELECT array_agg(concat_ws(' ', c.oid, relname, relpages, reltuples, relacl, reloptions)
        ORDER BY c.oid) FROM pg_class c),
    (SELECT array_agg(s::text) FROM pg_sequences s),
    (SELECT count(*) FROM pg_depend), (SELECT count(*) FROM pg_statistic)
"""

Rows = list[tuple[Any, ...]]


def build(target: Target) -> None:
    with connect(target) as connection:
        connection.execute(HISTORY)


@pytest.fixture
def templates(options: Settings, server: Target) -> Iterator[Templates]:
    with open_templates(options, server, "the history above") as opened:
        yield opened


def ask(database: Target, statement: str) -> Rows:
    with connect(database) as connection:
        found = connection.execute(statement.encode())
        return found.fetchall() if found.description else []


def oid(templates: Templates, database: Target) -> int:
    query = "SELECT oid::int FROM pg_database WHERE datname = %s"
    found = templates._admin.execute(query, [database.database]).fetchone()
    assert found is not None
    return int(found[0])


def next_of(
    templates: Templates, used: int, build: Callable[[Target], None] = build
) -> Target | None:
    """The database with that oid, handed out again; None when another one comes instead."""
    for _ in range(100):
        database = templates.clone(build)
        if oid(templates, database) == used:
            return database
        if not is_kept(templates, used):
            return None
        time.sleep(0.01)
    pytest.fail("it is neither discarded nor handed out")


def is_kept(templates: Templates, used: int) -> bool:
    reuse = templates._reuse
    kept = [*reuse._returned, *reuse._emptying, *reuse._sessions.values()]
    return used in {lent.state.oid for lent in [*kept, *reuse._leaving, *reuse._ready]}


@pytest.fixture
def reused(templates: Templates) -> Callable[..., Target | None]:
    """What comes of a database in which these statements were run, each by itself."""

    def use(*statements: str) -> Target | None:
        database = templates.clone(build)
        used = oid(templates, database)
        with connect(database) as connection:
            for statement in statements:
                connection.execute(statement.format(database=database.database).encode())
        templates.drop(database)
        return next_of(templates, used)

    return use


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1",
        "INSERT INTO jobs (state) VALUES ('new')",
        "INSERT INTO jobs (state) VALUES ('new'); DELETE FROM jobs",
        "INSERT INTO cache VALUES ('a')",
        "INSERT INTO events VALUES (1)",
        "INSERT INTO jobs (state) VALUES ('new'); INSERT INTO attempts (job) VALUES (1)",
        "INSERT INTO jobs (state) VALUES (repeat('x', 10000) || random())",
        "BEGIN; INSERT INTO jobs (state) VALUES ('new'); ROLLBACK",
        "BEGIN; DELETE FROM queues; ROLLBACK",
        "BEGIN; CREATE TABLE more (); DROP TABLE jobs CASCADE; ROLLBACK",
        "CREATE TABLE more (); DROP TABLE more",
        "SELECT nextval('numbers')",
        "SELECT setval('used', 40, false)",
        "SELECT setval(pg_get_serial_sequence('jobs', 'id'), 40)",
        'INSERT INTO "odd {{}} % name" VALUES (1)',
        "LISTEN jobs; SELECT pg_advisory_lock(1)",
        "SET track_counts = off; INSERT INTO jobs (state) VALUES ('new')",
    ],
)
def test_what_a_test_wrote_is_gone(
    templates: Templates, reused: Callable[..., Target | None], statement: str
) -> None:
    fresh = ask(templates.clone(build), EVERYTHING)
    again = reused(statement)
    assert again is not None
    assert ask(again, EVERYTHING) == fresh


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE more ()",
        "CREATE SCHEMA more",
        "CREATE TEMPORARY TABLE more (id int)",
        "DROP TABLE attempts",
        "DROP EXTENSION plpgsql CASCADE",
        "ALTER TABLE jobs ADD more int",
        "ALTER TABLE jobs RENAME TO works",
        "ALTER TABLE jobs ALTER state SET STATISTICS 5",
        "ALTER TABLE jobs SET (fillfactor = 50)",
        "ALTER SEQUENCE numbers INCREMENT 2",
        "ALTER TYPE mood ADD VALUE 'bad'",
        "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO pg_monitor",
        "COMMENT ON TABLE jobs IS 'work'",
        "GRANT SELECT ON jobs TO pg_monitor",
        "ALTER TABLE jobs OWNER TO pg_monitor",
        "CREATE OR REPLACE VIEW job_states AS SELECT state, 1 AS one FROM jobs",
        "CREATE FUNCTION more() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE EVENT TRIGGER more ON sql_drop EXECUTE FUNCTION watch()",
        "CREATE PUBLICATION more FOR TABLE jobs",
        "SELECT lo_create(0)",
        "ANALYZE",
        "ANALYZE jobs",
        "ANALYZE queues",
        "VACUUM",
        "VACUUM jobs",
        "VACUUM FULL queues",
        "INSERT INTO jobs (state) VALUES ('new'); ANALYZE jobs",
        "REINDEX TABLE jobs",
        "CLUSTER queues USING queues_pkey",
        "TRUNCATE jobs CASCADE",
        "REFRESH MATERIALIZED VIEW open_jobs",
        "REFRESH MATERIALIZED VIEW places",
        "UPDATE queues SET position = 3",
        "UPDATE queues SET position = position",
        "DELETE FROM queues",
        "INSERT INTO queues VALUES ('fax', 3)",
        "DELETE FROM queues; INSERT INTO queues VALUES ('mail', 1), ('print', 2)",
        "UPDATE pg_class SET reltuples = 5 WHERE relname = 'jobs'",
        "ALTER DATABASE {database} SET statement_timeout = 1000",
        "ALTER DATABASE {database} CONNECTION LIMIT 50",
        "ALTER ROLE postgres IN DATABASE {database} SET work_mem = 1000",
        "COMMENT ON DATABASE {database} IS 'mine'",
        "GRANT CREATE ON DATABASE {database} TO pg_monitor",
    ],
)
def test_what_cannot_be_put_back_is_not_handed_out(
    templates: Templates, reused: Callable[..., Target | None], statement: str
) -> None:
    assert reused(*statement.split("; ")) is None
