"""Applying revisions: a transaction each, retried when a lock was busy, honest when it fails."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from pgrevise.errors import HistoryConflict, LockBusy, PartialRun, ReviseError, StatementFailed
from pgrevise.postgres.connect import connect
from pgrevise.postgres.target import Target
from pgrevise.request import Silent, Step
from pgrevise.rollout import commands
from tests.pgrevise.conftest import Project

Query = Callable[..., list[tuple[object, ...]]]


class Told(Silent):
    def __init__(self) -> None:
        self.retries: list[str] = []
        self.retried = threading.Event()

    def retrying(self, step: Step, reason: str, delay: float) -> None:
        self.retries.append(reason)
        self.retried.set()


@pytest.fixture
def tables(project: Project) -> Project:
    project.revision("202401010000", "op.execute('CREATE TABLE a (n int)')", "op.drop_table('a')")
    project.revision(
        "202401010001",
        "op.execute('ALTER TABLE a ADD COLUMN m int')",
        "op.drop_column('a', 'm')",
        parent="202401010000",
    )
    return project


def upgrade(
    project: Project, revision: str = "head", observer: Silent | None = None, **settings: float
) -> commands.Migrated:
    assert project.database
    chosen = replace(project.settings, **settings)  # type: ignore[arg-type] # only numbers are given
    return commands.upgrade(chosen, project.database, revision, observer)


@contextmanager
def locked(database: Target, table: str) -> Iterator[None]:
    with connect(database) as connection, connection.transaction():
        connection.execute(f"LOCK TABLE {table} IN ACCESS SHARE MODE".encode())
        yield


def test_what_was_applied_is_returned_in_order(tables: Project) -> None:
    done = upgrade(tables)
    assert (done.before, done.after) == ((), ("202401010001",))
    assert [(a.revision, a.direction, a.attempts) for a in done.applied] == [
        ("202401010000", "upgrade", 1),
        ("202401010001", "upgrade", 1),
    ]


def test_a_failing_revision_keeps_nothing_of_itself(project: Project, query: Query) -> None:
    project.revision(
        "202401010000", "op.execute('CREATE TABLE a (n int)')\nop.execute('SELECT 1/0')"
    )
    with pytest.raises(StatementFailed, match=r"202401010000 .*: division by zero") as failure:
        upgrade(project)
    assert "_change.py:9" in failure.value.sentence
    assert "Nothing of it was kept" in failure.value.next_step
    assert query("SELECT to_regclass('a')") == [(None,)]


def test_what_came_before_a_failing_revision_stays_and_is_named(
    tables: Project, query: Query
) -> None:
    tables.revision("202401010002", "op.execute('SELECT 1/0')", parent="202401010001")
    with pytest.raises(PartialRun, match="division by zero") as failure:
        upgrade(tables)
    assert failure.value.applied == ("202401010000", "202401010001")
    assert failure.value.exit_code == 5
    assert query("SELECT version_num FROM alembic_version") == [("202401010001",)]


def test_an_error_of_python_in_a_revision_is_told_with_its_line(project: Project) -> None:
    project.revision("202401010000", "x = {}\nx['missing']")
    with pytest.raises(StatementFailed, match=r"_change\.py:9: KeyError: 'missing'"):
        upgrade(project)


def test_a_busy_table_is_tried_again_until_it_is_free(tables: Project, database: Target) -> None:
    upgrade(tables, "202401010000")
    told = Told()
    with connect(database) as holder:
        holder.execute("BEGIN; LOCK TABLE a IN ACCESS SHARE MODE")
        threading.Thread(target=lambda: (told.retried.wait(10), holder.execute("COMMIT"))).start()
        done = upgrade(tables, observer=told, lock_timeout=0.1)
    assert done.applied[0].attempts > 1
    assert told.retries[0] == "a lock was not to be had in time"


def test_giving_up_names_who_blocks(tables: Project, database: Target) -> None:
    upgrade(tables, "202401010000")
    with locked(database, "a"), pytest.raises(LockBusy, match="given up after") as busy:
        upgrade(tables, lock_timeout=0.3, retry_for=2)
    assert "(pgrevise), idle in transaction" in busy.value.sentence
    assert "LOCK TABLE a" in busy.value.sentence


def test_no_retry_is_wanted_with_zero_seconds(tables: Project, database: Target) -> None:
    upgrade(tables, "202401010000")
    started = time.monotonic()
    with locked(database, "a"), pytest.raises(LockBusy, match="after 1 try in 0 s"):
        upgrade(tables, lock_timeout=0.1, retry_for=0)
    assert time.monotonic() - started < 5


def test_a_relative_revision_is_not_counted_again_by_a_retry(
    tables: Project, database: Target
) -> None:
    tables.revision("202401010002", "op.execute('CREATE TABLE b ()')", parent="202401010001")
    told = Told()
    upgrade(tables, "202401010000")
    with connect(database) as holder:
        holder.execute("BEGIN; LOCK TABLE a IN ACCESS SHARE MODE")
        threading.Thread(target=lambda: (told.retried.wait(10), holder.execute("COMMIT"))).start()
        done = upgrade(tables, "+1", told, lock_timeout=0.1)
    assert done.after == ("202401010001",)


WAITED_FOR = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'a'::regclass"
TAKEN = f"{WAITED_FOR} AND mode = 'AccessExclusiveLock'".replace("NOT granted", "granted")


def test_a_deadlock_is_tried_again(project: Project, database: Target, query: Query) -> None:
    project.revision("202401010000", "op.execute('CREATE TABLE a (n int); CREATE TABLE b (n int)')")
    project.revision(
        "202401010001",
        f"""
        op.execute('ALTER TABLE a ADD m int')
        for _ in range(100):
            if op.get_bind().scalar(sa.text("{WAITED_FOR}")):
                break
            time.sleep(0.02)
        op.execute('ALTER TABLE b ADD m int')
        """,
        parent="202401010000",
    )
    upgrade(project, "202401010000")
    told = Told()
    with connect(database) as other:
        # The other session waits first and long, so that ours is the one that finds the deadlock.
        other.execute("SET deadlock_timeout = '30s'; BEGIN; LOCK TABLE b IN ACCESS SHARE MODE")

        def meet() -> None:
            while not query(TAKEN):
                time.sleep(0.02)
            other.execute("SELECT * FROM a; COMMIT")

        meeting = threading.Thread(target=meet)
        meeting.start()
        done = upgrade(project, observer=told, lock_timeout=25)
        meeting.join()
    assert told.retries == ["a deadlock was detected"]
    assert done.after == ("202401010001",)


def test_a_database_of_another_branch_is_told_apart(tables: Project, database: Target) -> None:
    upgrade(tables)
    with connect(database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'f00'")
    with pytest.raises(HistoryConflict, match="stamped with revision f00") as conflict:
        upgrade(tables)
    assert "another branch" in conflict.value.next_step


def test_stamp_with_purge_leads_out_of_it(tables: Project, database: Target) -> None:
    upgrade(tables)
    with connect(database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'f00'")
    done = commands.stamp(tables.settings, database, "202401010001", purge=True)
    assert done.after == ("202401010001",)


@pytest.mark.parametrize(
    ("revision", "words"),
    [
        ("nope", "no revision 'nope'"),
        ("2024", "Multiple revisions start with '2024'"),
        ("+9", "9"),
    ],
)
def test_a_revision_that_is_not_clear_is_refused(
    tables: Project, revision: str, words: str, query: Query
) -> None:
    with pytest.raises(HistoryConflict) as conflict:
        upgrade(tables, revision)
    assert words in conflict.value.sentence
    assert query("SELECT to_regclass('a')") == [(None,)]


def test_too_many_steps_down_are_refused(tables: Project, database: Target) -> None:
    upgrade(tables)
    with pytest.raises(HistoryConflict):
        commands.downgrade(tables.settings, database, "-9")


def test_reset_refuses_what_is_no_development_database(tables: Project, database: Target) -> None:
    foreign = replace(database, private=False)
    with pytest.raises(ReviseError, match="is not a development database") as refusal:
        commands.reset(tables.settings, foreign)
    assert f"--yes-destroy {database.database}" in refusal.value.next_step


def test_reset_refuses_another_name_than_the_database_has(
    tables: Project, database: Target
) -> None:
    with pytest.raises(ReviseError, match="--yes-destroy names 'other'"):
        commands.reset(tables.settings, database, confirmed="other")


def test_reset_refuses_a_development_name_on_a_remote_host(
    tables: Project, database: Target
) -> None:
    remote = replace(
        database, hosts=(("db.example.com", ""),), query=(), database="app_dev", private=False
    )
    with pytest.raises(ReviseError, match="is not a development database"):
        commands.require_destroyable(tables.settings, remote, None)


def test_reset_drops_nothing_when_the_history_is_broken(
    tables: Project, database: Target, query: Query
) -> None:
    with connect(database) as connection:
        connection.execute("CREATE TABLE mine (n int)")
    tables.revision("202401010002", parent="202401010001").write_text("def upgrade(:")
    with pytest.raises(HistoryConflict, match="not valid Python"):
        commands.reset(tables.settings, database)
    assert query("SELECT to_regclass('mine')::text") == [("mine",)]


def test_reset_drops_everything_and_upgrades(
    tables: Project, database: Target, query: Query
) -> None:
    with connect(database) as connection:
        connection.execute("CREATE TABLE mine (n int)")
        done = commands.reset(
            tables.settings, replace(database, private=False), confirmed=database.database
        )
    assert done.after == ("202401010001",)
    assert query("SELECT to_regclass('mine'), to_regclass('a')::text") == [(None, "a")]
