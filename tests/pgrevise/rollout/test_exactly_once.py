"""Many runners at once, and runners that are killed: each revision is applied once, and wholly."""

import signal
import subprocess
import time
from collections.abc import Callable

import pytest

from pgrevise.postgres.connect import connect
from pgrevise.postgres.target import Target
from pgrevise.rollout import commands
from tests.pgrevise.conftest import Project

Query = Callable[..., list[tuple[object, ...]]]

SLEEPING = """
SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND state = 'active'
AND datname = current_database() AND pid <> pg_backend_pid()
"""
LOCKED = """
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@pytest.fixture
def counted(project: Project) -> Project:
    """Eight revisions that each write down that they ran."""
    project.revision("202401010000", "op.execute('CREATE TABLE applied (revision text)')")
    for minute in range(1, 9):
        project.revision(
            f"20240101000{minute}",
            f"op.execute(\"INSERT INTO applied VALUES ('{minute}')\")\ntime.sleep(0.02)",
            parent=f"20240101000{minute - 1}",
        )
    return project


def start(project: Project, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        project.command(*arguments),
        cwd=project.root,
        env=project.variables(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_until(happened: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def test_twenty_runners_at_once_apply_each_revision_once(counted: Project, query: Query) -> None:
    words = [["alembic", "upgrade", "head"], ["invoke", "db.upgrade"]] * 10
    runners = [start(counted, *arguments) for arguments in words]
    outputs = [runner.communicate(timeout=120) for runner in runners]
    assert [runner.returncode for runner in runners] == [0] * 20, outputs
    assert query("SELECT revision FROM applied ORDER BY 1") == [(str(n),) for n in range(1, 9)]


@pytest.mark.parametrize("command", [["alembic", "upgrade", "head"], ["invoke", "db.upgrade"]])
def test_a_runner_killed_in_a_transaction_leaves_what_was_committed(
    project: Project, database: Target, query: Query, command: list[str]
) -> None:
    project.revision("202401010000", "op.execute('CREATE TABLE a (n int)')")
    slow = "op.execute('CREATE TABLE b (n int)')\nop.execute('SELECT pg_sleep(60)')"
    path = project.revision("202401010001", slow, parent="202401010000")
    runner = start(project, *command)
    wait_until(lambda: query(SLEEPING) == [(1,)])
    runner.kill()
    runner.communicate()
    assert query("SELECT version_num FROM alembic_version") == [("202401010000",)]
    assert query("SELECT to_regclass('b')") == [(None,)]
    path.write_text(path.read_text().replace("pg_sleep(60)", "1"))
    assert commands.upgrade(project.settings, database).after == ("202401010001",)


def test_a_runner_killed_while_it_builds_an_index_is_taken_over(
    project: Project, database: Target, query: Query
) -> None:
    project.revision("202401010000", "op.execute('CREATE TABLE a (n int)')")
    project.revision(
        "202401010001",
        "with op.get_context().autocommit_block():\n"
        "    op.create_index('ix_a_n', 'a', ['n'], postgresql_concurrently=True)",
        "with op.get_context().autocommit_block():\n"
        "    op.drop_index('ix_a_n', 'a', postgresql_concurrently=True)",
        parent="202401010000",
    )
    commands.upgrade(project.settings, database, "202401010000")
    invalid = "SELECT count(*) FROM pg_index WHERE NOT indisvalid"
    with connect(database) as holder, holder.transaction():
        holder.execute("LOCK TABLE a IN ROW EXCLUSIVE MODE")
        runner = start(project, "invoke", "db.upgrade")
        wait_until(lambda: query(invalid) == [(1,)])
        runner.kill()
        runner.communicate()
        wait_until(lambda: query(LOCKED) == [(0,)])
    assert query(invalid) == [(1,)]
    again = project.run("invoke", "db.upgrade")
    assert (again.returncode, "left INVALID" in again.stderr) == (0, True), again.stderr
    assert query(invalid) == [(0,)]
    assert commands.downgrade(project.settings, database).after == ("202401010000",)


def test_a_runner_killed_between_an_index_and_its_stamp_is_taken_over(
    project: Project, database: Target
) -> None:
    block = "with op.get_context().autocommit_block():\n    op.{}"
    project.revision("202401010000", "op.execute('CREATE TABLE a (n int)')", "op.drop_table('a')")
    project.revision(
        "202401010001",
        block.format("create_index('ix_a_n', 'a', ['n'], postgresql_concurrently=True)"),
        block.format("drop_index('ix_a_n', 'a', postgresql_concurrently=True)"),
        parent="202401010000",
    )
    commands.upgrade(project.settings, database)
    commands.stamp(project.settings, database, "202401010000")
    assert commands.upgrade(project.settings, database).after == ("202401010001",)
    with connect(database) as connection:
        connection.execute("DROP INDEX ix_a_n")
    assert commands.downgrade(project.settings, database).after == ("202401010000",)


def test_an_interrupted_runner_says_so_and_exits_130(project: Project, query: Query) -> None:
    project.revision("202401010000", "op.execute('SELECT pg_sleep(60)')")
    runner = start(project, "invoke", "db.upgrade")
    wait_until(lambda: query(SLEEPING) == [(1,)])
    runner.send_signal(signal.SIGINT)
    _, talk = runner.communicate(timeout=30)
    assert runner.returncode == 130
    assert "Interrupted" in talk
    assert "Traceback" not in talk
