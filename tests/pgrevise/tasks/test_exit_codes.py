"""How a run that was stopped leaves: 3, 4, 5 or 130, with what was applied."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable

import pytest

from pgrevise.postgres.connect import connect
from pgrevise.postgres.target import Target
from tests.pgrevise.conftest import Project

Query = Callable[..., list[tuple[object, ...]]]

DOORS = [("invoke", "db.upgrade"), ("alembic", "upgrade", "head")]
both_doors = pytest.mark.parametrize("door", DOORS, ids=["invoke", "alembic"])
IMPATIENT = {"PGREVISE_LOCK_TIMEOUT": "0.1", "PGREVISE_RETRY_FOR": "0"}
SLEEPING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND state = 'active' AND query LIKE 'SELECT pg_sleep%'"
)


@pytest.fixture
def table(project: Project) -> Project:
    project.revision("202401010000", "op.execute('CREATE TABLE a (n int)')", "op.drop_table('a')")
    assert project.run("alembic", "upgrade", "head").returncode == 0
    return project


@both_doors
def test_a_lock_that_is_not_to_be_had_is_4(
    table: Project, database: Target, query: Query, door: tuple[str, ...]
) -> None:
    table.revision("202401010001", "op.execute('ALTER TABLE a ADD m int')", parent="202401010000")
    with connect(database) as holder, holder.transaction():
        holder.execute("LOCK TABLE a IN ACCESS SHARE MODE")
        done = table.run(*door, **IMPATIENT)
    assert done.returncode == 4, done
    assert "then run again" in done.stderr
    assert query("SELECT version_num FROM alembic_version") == [("202401010000",)]


@both_doors
def test_a_revision_that_fails_first_is_3_and_a_later_one_5(
    project: Project, query: Query, door: tuple[str, ...]
) -> None:
    project.revision("202401010000", "op.execute('SELECT 1/0')")
    first = project.run(*door)
    assert first.returncode == 3, first
    project.revision("202401010000")
    project.revision("202401010001", "op.execute('SELECT 1/0')", parent="202401010000")
    later = project.run(*door)
    assert later.returncode == 5, later
    assert "Applied before it: 202401010000." in later.stderr
    assert "Traceback" not in first.stderr + later.stderr
    assert query("SELECT version_num FROM alembic_version") == [("202401010000",)]


def test_programs_are_told_of_a_run_that_stopped_part_way(project: Project) -> None:
    project.revision("202401010000")
    project.revision("202401010001", "op.execute('SELECT 1/0')", parent="202401010000")
    told = json.loads(project.run("invoke", "db.upgrade", "--json").stdout)
    assert told["exit_code"] == 5
    assert told["applied"] == ["202401010000"]


@both_doors
def test_an_interrupted_run_is_130_and_keeps_whole_revisions(
    table: Project, query: Query, door: tuple[str, ...]
) -> None:
    table.revision(
        "202401010001",
        "op.execute('CREATE TABLE b ()')\nop.execute('SELECT pg_sleep(60)')",
        parent="202401010000",
    )
    runner = subprocess.Popen(
        table.command(*door),
        cwd=table.root,
        env=table.variables(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 30
    while query(SLEEPING) != [(1,)]:
        assert time.monotonic() < deadline, "the revision does not begin"
    runner.send_signal(signal.SIGINT)
    told = runner.communicate(timeout=30)[1]
    assert runner.returncode == 130, told
    assert "Interrupted" in told
    assert "Traceback" not in told
    assert query("SELECT to_regclass('b')") == [(None,)]
