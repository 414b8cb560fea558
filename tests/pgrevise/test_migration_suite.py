"""A migration suite in somebody else's database: a schema for each run, and nothing else."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from psycopg import sql

from pgrevise import catalog
from pgrevise.postgres.connect import connect
from pgrevise.postgres.target import Target
from tests.pgrevise.conftest import ROOT, Project

Query = Callable[..., list[tuple[object, ...]]]

POPULATED = """
CREATE TYPE job_status AS ENUM ('mine');
CREATE TABLE queues (name text PRIMARY KEY);
CREATE TABLE queue_jobs (id int, queue text REFERENCES queues, status job_status);
CREATE TABLE attempts (id int);
CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);
CREATE FUNCTION notify_queued() RETURNS int LANGUAGE sql AS 'SELECT 1';
INSERT INTO queues VALUES ('a'), ('b');
INSERT INTO queue_jobs VALUES (1, 'a', 'mine');
INSERT INTO alembic_version VALUES ('bogus');
"""
COUNTS = """
SELECT (SELECT count(*) FROM public.queues), (SELECT count(*) FROM public.queue_jobs),
       (SELECT count(*) FROM public.attempts),
       (SELECT string_agg(version_num, '') FROM public.alembic_version)
"""
SCHEMAS = "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_|^information_schema$' ORDER BY 1"

WAITING = """
import pathlib, time

def test_it(migrations):
    migrations.upgrade("head")
    pathlib.Path("reached").touch()
    time.sleep(60)
"""
FAILING = """
def test_it(migrations):
    migrations.upgrade("head")
    assert False, "as it is meant to"
"""
PASSING = """
def test_it(migrations):
    assert migrations.upgrade("head").after == ("202401010000",)
    assert ("table", "a") in migrations.catalog()
"""


@pytest.fixture
def limited(server: Target, database: Target) -> Iterator[Target]:
    """A populated database, as a role that may do no more in it than create schemas."""
    role = f"limited_{secrets.token_hex(4)}"
    name = sql.Identifier(role)
    with connect(database) as admin:
        admin.execute(POPULATED)
        admin.execute(sql.SQL("CREATE ROLE {} LOGIN").format(name))
        grant = sql.SQL("GRANT CREATE ON DATABASE {} TO {}")
        admin.execute(grant.format(sql.Identifier(database.database), name))
        yield replace(database, user=role)
        admin.execute(sql.SQL("DROP OWNED BY {} CASCADE").format(name))
        admin.execute(sql.SQL("DROP ROLE {}").format(name))


def public(database: Target) -> tuple[catalog.Catalog, list[tuple[object, ...]]]:
    with connect(database) as connection:
        return catalog.read(connection, ["public"]), connection.execute(COUNTS).fetchall()


def pytest_here(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]


def test_the_applications_suite_passes_beside_tables_of_the_same_names(
    limited: Target, database: Target, query: Query
) -> None:
    before = public(database)
    done = subprocess.run(
        pytest_here("tests/migrations"),
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": limited.url},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout
    assert " skipped" not in done.stdout
    after = public(database)
    assert (catalog.diff(before[0], after[0]), before[1]) == ([], after[1])
    assert query(SCHEMAS) == [("public",)]


@pytest.fixture
def suite(project: Project) -> Project:
    project.revision("202401010000", "op.execute('CREATE TABLE a (n int)')", "op.drop_table('a')")
    return project


def run_suite(project: Project, text: str, **variables: str) -> subprocess.CompletedProcess[str]:
    (project.root / "test_it.py").write_text(text)
    return subprocess.run(
        pytest_here("test_it.py"),
        cwd=project.root,
        env={**project.variables(), **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_schema_is_gone_when_a_test_fails(suite: Project, query: Query) -> None:
    done = run_suite(suite, FAILING)
    assert done.returncode == 1, done.stdout
    assert "as it is meant to" in done.stdout
    assert query(SCHEMAS) == [("public",)]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_schema_is_gone_when_the_run_is_ended(
    suite: Project, query: Query, how: signal.Signals
) -> None:
    (suite.root / "test_it.py").write_text(WAITING)
    runner = subprocess.Popen(
        pytest_here("test_it.py"),
        cwd=suite.root,
        env=suite.variables(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    wait_until(lambda: (suite.root / "reached").exists() or runner.poll() is not None)
    assert runner.poll() is None, runner.communicate()
    assert len(query(SCHEMAS)) == 2
    runner.send_signal(how)
    runner.communicate(timeout=30)
    wait_until(lambda: query(SCHEMAS) == [("public",)])


def wait_until(happened: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def test_another_backend_fails_plainly(suite: Project) -> None:
    done = run_suite(suite, FAILING, DATABASE_URL="sqlite:///app.db")
    assert done.returncode == 1
    assert "Give a PostgreSQL URL" in done.stdout
    assert "Traceback" not in done.stdout
    assert "site-packages" not in done.stdout
    assert not (suite.root / "app.db").exists()


def test_a_database_in_which_no_schema_may_be_created_fails_plainly(
    suite: Project, limited: Target, database: Target, query: Query
) -> None:
    with connect(database) as admin:
        revoke = sql.SQL("REVOKE CREATE ON DATABASE {} FROM {}")
        names = sql.Identifier(database.database), sql.Identifier(limited.user)
        admin.execute(revoke.format(*names))
    done = run_suite(suite, FAILING, DATABASE_URL=limited.url)
    assert done.returncode == 1
    assert "GRANT CREATE ON DATABASE" in done.stdout
    assert query(SCHEMAS) == [("public",)]


def test_without_a_url_a_server_is_provided(suite: Project) -> None:
    suite.database = None
    done = run_suite(suite, PASSING)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
