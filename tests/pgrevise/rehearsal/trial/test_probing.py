"""Clients that read and write beside a revision: what they see, and that none is left."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path

import psycopg
import pytest

from pgrevise import settings
from pgrevise.postgres.connect import connect
from pgrevise.postgres.target import Target
from pgrevise.rehearsal.examples import PARENT, lay_out
from pgrevise.rehearsal.options import Options
from pgrevise.rehearsal.protocol import Task
from pgrevise.rehearsal.trial.facts import Traffic
from pgrevise.rehearsal.trial.probing import MOST_TABLES, Probe, probing
from pgrevise.rehearsal.workshop.workshop import open_workshop

JOBS = """CREATE TABLE jobs (id bigint PRIMARY KEY, note text);
INSERT INTO jobs SELECT i, 'n' || i FROM generate_series(1, 100) i;
CREATE TABLE queues (name text); INSERT INTO queues VALUES ('mail')"""
REVISION = """
from alembic import op
revision = "202601010001"
down_revision = "202601010000"
def upgrade():
    op.execute("{change}")
    op.execute("SELECT pg_sleep({held})")
"""
ROOT = Path(__file__).parents[4]
MAJOR = settings.load(ROOT).postgres
HELD = 0.5
#: A stall is what the lock was held, but for what a busy machine adds or a pause takes away.
NEARLY_HELD = pytest.approx(HELD, rel=0.3)


def run(target: Target, *statements: str) -> None:
    """Statements in one transaction."""
    with connect(target) as connection, connection.transaction():
        for statement in statements:
            connection.execute(statement.encode())


def beside(target: Target, tables: Sequence[str], *statements: str) -> Probe:
    """What clients see of a transaction."""
    with probing(target, tables) as probe:
        run(target, *statements)
    return probe


def stalls(probe: Probe) -> dict[tuple[str, Traffic], float]:
    return {(table, traffic): seconds for table, traffic, seconds in probe.stalls()}


def sessions(target: Target) -> int:
    with connect(target) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name LIKE 'pgrevise probe%'"
        ).fetchone()
    return int(row[0]) if row else 0


def gone(target: Target) -> bool:
    """Whether no client is there any more; a backend needs a moment to end."""
    deadline = time.monotonic() + 5
    while sessions(target) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not sessions(target) and not any("probe" in t.name for t in threading.enumerate())


def test_an_access_exclusive_lock_stalls_reads_and_writes(database: Target) -> None:
    run(database, JOBS)
    seen = stalls(beside(database, ["jobs"], "LOCK jobs", f"SELECT pg_sleep({HELD})"))
    assert seen["jobs", "reads"] == NEARLY_HELD
    assert seen["jobs", "writes"] == NEARLY_HELD


def test_a_share_lock_stalls_writes_only(database: Target) -> None:
    run(database, JOBS)
    lock = "LOCK jobs IN SHARE MODE"
    seen = stalls(beside(database, ["jobs"], lock, f"SELECT pg_sleep({HELD})"))
    assert seen["jobs", "writes"] == NEARLY_HELD
    assert seen["jobs", "reads"] < HELD / 2


def test_another_table_goes_on(database: Target) -> None:
    run(database, JOBS)
    probe = beside(database, ["jobs", "queues"], "LOCK jobs", f"SELECT pg_sleep({HELD})")
    seen = stalls(probe)
    assert max(seen["queues", "reads"], seen["queues", "writes"], probe.unrelated) < HELD / 2


@pytest.mark.parametrize(
    "change",
    ["ALTER TABLE jobs ADD COLUMN weight integer", "CREATE INDEX ix_jobs_note ON jobs (note)"],
)
def test_what_the_locks_predict_is_what_the_probe_sees(tmp_path: Path, change: str) -> None:
    text = REVISION.format(change=change, held=HELD)
    lay_out(tmp_path, JOBS, {"change": text})
    with open_workshop(settings.load(tmp_path), Options(major=MAJOR)) as workshop:
        workshop.lay_out()
        workshop.run(Task((PARENT,)))
        with probing(workshop.databases.work, ["jobs"]) as probe:
            upgrade = workshop.run(Task(("202601010001",), "upgrade", is_observed=True)).passage
    assert upgrade.outcome == "done"
    for traffic in ("reads", "writes"):
        predicted = upgrade.blocked("jobs", traffic)
        assert stalls(probe)["jobs", traffic] == pytest.approx(predicted, rel=0.3, abs=0.1)


def test_a_row_that_a_data_migration_writes_stalls_writes(database: Target) -> None:
    run(database, JOBS)
    update = "UPDATE jobs SET note = note || '!'"
    seen = stalls(beside(database, ["jobs"], update, f"SELECT pg_sleep({HELD})"))
    assert seen["jobs", "writes"] == NEARLY_HELD


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE jobs DROP COLUMN note",
        "ALTER TABLE jobs DROP COLUMN id",
        "ALTER TABLE jobs RENAME TO tasks",
        "ALTER TABLE jobs RENAME id TO number",
        "ALTER TABLE jobs ALTER id TYPE text USING 'x' || id",
        "CREATE TABLE anew (LIKE jobs); DROP TABLE jobs; ALTER TABLE anew RENAME TO jobs",
        "TRUNCATE jobs",
        "CREATE SCHEMA old; ALTER TABLE jobs SET SCHEMA old",
    ],
)
def test_a_table_that_changes_is_probed_further(database: Target, change: str) -> None:
    run(database, JOBS)
    with probing(database, ["jobs"]) as probe:
        run(database, *change.split(";"))
        name = "tasks" if "tasks" in change else "old.jobs" if "SCHEMA" in change else "jobs"
        time.sleep(0.1)
        run(database, f"LOCK {name}", f"SELECT pg_sleep({HELD})")
    seen = stalls(probe)
    assert seen["jobs", "reads"] == NEARLY_HELD
    assert seen["jobs", "writes"] == NEARLY_HELD


def test_a_table_that_is_dropped_ends_nothing(database: Target) -> None:
    run(database, JOBS)
    with probing(database, ["jobs"]) as probe:
        run(database, "DROP TABLE jobs", f"SELECT pg_sleep({HELD})")
        before = probe.answers
        time.sleep(0.1)
        assert probe.answers > before
    assert stalls(probe)["jobs", "reads"] == NEARLY_HELD


@pytest.mark.parametrize(
    "table",
    [
        "t (id bigint GENERATED ALWAYS AS IDENTITY, twice bigint GENERATED ALWAYS AS (1) STORED)",
        "t (a integer)",
        "t ()",
        "t (a integer, b text, PRIMARY KEY (a, b)) PARTITION BY LIST (a)",
        "t (a jsonb, b date DEFAULT 'infinity' PRIMARY KEY)",
    ],
)
def test_every_kind_of_table_can_be_probed(database: Target, table: str) -> None:
    run(database, f"CREATE TABLE {table}")
    if "PARTITION" in table:
        run(database, "CREATE TABLE t1 PARTITION OF t DEFAULT", "INSERT INTO t VALUES (1, 'x')")
    else:
        run(database, "INSERT INTO t DEFAULT VALUES")
    seen = stalls(beside(database, ["t"], "LOCK t", f"SELECT pg_sleep({HELD})"))
    assert seen["t", "reads"] == NEARLY_HELD
    assert seen["t", "writes"] == NEARLY_HELD


def test_names_are_those_of_the_reports(database: Target) -> None:
    run(database, 'CREATE SCHEMA audit; CREATE TABLE audit."We ird %s" (a integer)')
    probe = beside(database, ['audit."We ird %s"'], "SELECT pg_sleep(0.05)")
    assert probe.notes == ()
    assert len(probe.stalls()) == 2


def test_what_cannot_be_probed_is_said(database: Target) -> None:
    run(database, JOBS, "CREATE MATERIALIZED VIEW many AS SELECT * FROM jobs")
    probe = beside(database, ["nobody", "many"], "SELECT pg_sleep(0.05)")
    assert "The reads of nobody were not probed: there is no such table." in probe.notes
    assert "The writes of many were not probed: it is no table." in probe.notes
    assert [stall[:2] for stall in probe.stalls()] == [("many", "reads")]


def test_so_many_tables_are_probed_and_no_more(database: Target) -> None:
    names = [f"t{number}" for number in range(MOST_TABLES + 1)]
    run(database, *(f"CREATE TABLE {name} (a integer)" for name in names))
    probe = beside(database, names, "SELECT pg_sleep(0.05)")
    assert {table for table, _, _ in probe.stalls()} == set(names[:-1])
    assert probe.notes == (f"Not probed, for want of connections: {names[-1]}.",)


def test_values_and_triggers_are_left_alone(database: Target) -> None:
    run(database, JOBS, "CREATE TABLE log (a integer)")
    run(
        database,
        "CREATE FUNCTION told() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN INSERT INTO log VALUES (1); RETURN NULL; END'",
        "CREATE TRIGGER told AFTER UPDATE ON jobs FOR EACH STATEMENT EXECUTE FUNCTION told()",
    )
    digest = (
        "SELECT md5(string_agg(j::text, ',' ORDER BY id)), (SELECT count(*) FROM log) FROM jobs j"
    )
    with connect(database) as connection:
        before = connection.execute(digest.encode()).fetchone()
        beside(database, ["jobs"], "SELECT pg_sleep(0.1)")
        assert connection.execute(digest.encode()).fetchone() == before


def test_clients_are_answered_before_the_passage_begins(database: Target) -> None:
    run(database, JOBS)
    with probing(database, ["jobs"]) as probe:
        assert {stall[:2] for stall in probe.stalls()} == {("jobs", "reads"), ("jobs", "writes")}


def test_sessions_that_are_ended_are_no_stall(database: Target) -> None:
    run(database, JOBS)
    with probing(database, ["jobs"]) as probe, connect(database) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert gone(database)
        time.sleep(HELD)
    assert max(stalls(probe).values()) < HELD / 2
    assert probe.notes == ()


def test_a_client_that_waits_gives_way_to_the_revision(database: Target) -> None:
    """Parent and child are locked in the order that deadlocks with whoever reads the parent."""
    run(database, "CREATE TABLE t (a integer) PARTITION BY LIST (a)")
    run(database, "CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1)", "INSERT INTO t VALUES (1)")
    lock = "SET deadlock_timeout = '1s'; LOCK t1; SELECT pg_sleep(0.3); LOCK t"
    probe = beside(database, ["t"], *lock.split(";"))
    assert stalls(probe)["t", "writes"] > 0.1


@pytest.mark.parametrize("error", [KeyboardInterrupt, psycopg.OperationalError])
def test_nothing_outlives_the_context(database: Target, error: type[BaseException]) -> None:
    def interrupted() -> None:
        with connect(database) as other, probing(database, ["jobs"]), other.transaction():
            other.execute("LOCK jobs")
            raise error

    run(database, JOBS)
    with pytest.raises(error):
        interrupted()
    assert gone(database)


def test_the_context_is_left_at_once_though_clients_wait(database: Target) -> None:
    run(database, JOBS)
    with connect(database, autocommit=False) as connection:
        with probing(database, ["jobs"]):
            connection.execute("LOCK jobs")
            time.sleep(0.05)
            began = time.monotonic()
        assert time.monotonic() - began < 2
