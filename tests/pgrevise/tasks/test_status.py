"""`db.status` shows where a database stands, what is pending, and what needs somebody's hand."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import closing

import pytest

from pgrevise.postgres.connect import connect
from pgrevise.rollout.lock import QUERIES, lock_key
from pgrevise.rollout.status import InvalidIndex, Named, Status, status
from tests.pgrevise.conftest import Project

Query = Callable[..., list[tuple[object, ...]]]
ONE = Named("202401010000", "one")
TWO = Named("202401010001", "two")


@pytest.fixture
def two(project: Project) -> Project:
    project.revision(ONE.revision, "op.execute('CREATE TABLE a (n int)')", subject=ONE.subject)
    project.revision(TWO.revision, parent=ONE.revision, subject=TWO.subject)
    return project


def upgrade(project: Project, *revision: str) -> None:
    done = project.run("invoke", "db.upgrade", *revision)
    assert done.returncode == 0, done


def seen(project: Project) -> Status:
    assert project.database
    return status(project.settings, project.database)


def test_before_the_first_upgrade_everything_is_pending(two: Project) -> None:
    found = seen(two)
    assert (found.stamped, found.pending, found.is_at_head) == ((), (ONE, TWO), False)


def test_half_way_what_is_pending_is_named_with_its_subject(two: Project) -> None:
    upgrade(two, ONE.revision)
    found = seen(two)
    assert (found.stamped, found.pending, found.is_at_head) == ((ONE,), (TWO,), False)


def test_at_head_nothing_is_pending(two: Project) -> None:
    upgrade(two)
    found = seen(two)
    assert (found.stamped, found.pending, found.is_at_head) == ((TWO,), (), True)


def test_a_revision_of_another_branch_is_unknown(two: Project) -> None:
    upgrade(two)
    max(two.versions.glob("*.py")).unlink()
    found = seen(two)
    assert (found.unknown, found.is_at_head) == ((TWO.revision,), False)


def test_who_migrates_is_named(two: Project) -> None:
    assert two.database
    assert seen(two).runner is None
    with closing(connect(two.database)) as runner:
        schema = runner.execute("SELECT current_schema()").fetchone()
        assert schema
        runner.execute("SELECT pg_advisory_lock(%s)", [lock_key(schema[0], "alembic_version")])
        named = f"process {runner.info.backend_pid} (pgrevise from local)"
        assert seen(two).runner == named


def test_an_index_that_failed_to_build_is_shown(two: Project, query: Query) -> None:
    assert two.database
    upgrade(two)
    query("INSERT INTO a VALUES (1), (1) RETURNING n")
    build = "CREATE UNIQUE INDEX CONCURRENTLY uq_a_n ON a (n)"
    with closing(connect(two.database)) as builder, pytest.raises(Exception, match="duplicated"):
        builder.execute(build)
    assert seen(two).invalid_indexes == (InvalidIndex("uq_a_n", "a"),)
    assert "Invalid index: uq_a_n of a" in two.run("invoke", "db.status").stdout


@pytest.mark.parametrize("role", ["postgres", "pg_signal_backend"])
def test_an_index_that_is_being_built_is_not_invalid(two: Project, query: Query, role: str) -> None:
    assert two.database
    upgrade(two)
    with closing(connect(two.database, autocommit=False)) as writer:
        writer.execute("INSERT INTO a VALUES (1)")
        with closing(connect(two.database)) as builder, closing(connect(two.database)) as asking:
            builder.pgconn.send_query(b"CREATE INDEX CONCURRENTLY ix_a_n ON a (n)")
            while query("SELECT to_regclass('ix_a_n')") == [(None,)]:
                time.sleep(0.01)
            assert query("SELECT indisvalid FROM pg_index WHERE indrelid = 'a'::regclass") == [
                (False,)
            ]
            asking.execute(f"SET ROLE {role}".encode())
            assert asking.execute(QUERIES["invalid_indexes"].encode()).fetchall() == []
            builder.cancel_safe()


def test_people_read_what_is_pending_and_what_to_do(two: Project) -> None:
    done = two.run("invoke", "db.status")
    assert "2 pending:\n  202401010000  one\n  202401010001  two\n" in done.stdout
    assert "Apply them with: invoke db.upgrade" in done.stderr


def test_programs_read_one_document(two: Project) -> None:
    upgrade(two, ONE.revision)
    told = json.loads(two.run("invoke", "db.status", "--json").stdout)
    assert told["pending"] == [{"revision": "202401010001", "subject": "two"}]
    assert told.keys() == {
        "database", "origin", "server", "at_head", "stamped", "unknown", "pending", "runner",
        "invalid_indexes",
    }  # fmt: skip


def test_a_check_exits_1_until_the_database_is_at_head(two: Project) -> None:
    assert two.run("invoke", "db.status").returncode == 0
    assert two.run("invoke", "db.status", "--check").returncode == 1
    upgrade(two)
    assert two.run("invoke", "db.status", "--check").returncode == 0
