"""A revision with rows in its tables: what fails, what is lost, and what the next one finds."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pgrevise.postgres.connect import connect
from pgrevise.postgres.scratch import scratch_server
from pgrevise.rehearsal.trial.facts import Loss, Trial
from tests.pgrevise.conftest import ROOT
from tests.pgrevise.rehearsal.foreign import Foreign, outcomes

DONE = ("done", "done", "done")


@pytest.fixture
def project(tmp_path: Path) -> Foreign:
    return Foreign.made(tmp_path)


def table(project: Foreign, columns: str, *more: str) -> None:
    """The parent: a table ``a`` with a key and these columns."""
    statements = (f"CREATE TABLE a (id int PRIMARY KEY, {columns})", *more)
    project.revision("one", "\n".join(f"op.execute({sql!r})" for sql in statements))


def change(project: Foreign, upgrade: str, downgrade: str = "") -> None:
    """The revision that is tried, in SQL."""
    project.revision(
        "two",
        f"op.execute({upgrade!r})",
        f"op.execute({downgrade!r})" if downgrade else "pass",
        parent="one",
    )


def trial(project: Foreign, **options: object) -> Trial:
    found = project.only("two", **options).trial
    assert found is not None
    assert found.notes == ()
    return found


def told(losses: tuple[Loss, ...]) -> list[tuple[str, str, str, int]]:
    return [(loss.at, loss.column, loss.damage, loss.rows) for loss in losses]


def test_a_required_column_without_default_fails_on_rows_and_the_report_goes_on(
    project: Foreign,
) -> None:
    table(project, "b int")
    change(project, "ALTER TABLE a ADD c int NOT NULL", "ALTER TABLE a DROP c")
    project.table("three", "d", "two")
    rehearsal = project.rehearse()
    assert [one[1:] for one in outcomes(rehearsal)][1:] == [DONE, DONE]
    tried = rehearsal.revisions[1].observed.trial
    assert tried is not None
    assert tried.upgrade.outcome == "failed"
    assert tried.upgrade.error == 'column "c" of relation "a" contains null values'
    assert tried.downgrade.outcome == "skipped"


def test_a_unique_index_over_duplicates_fails(project: Foreign) -> None:
    table(project, "b boolean")
    change(project, "CREATE UNIQUE INDEX ON a (b)")
    assert "could not create unique index" in trial(project).upgrade.error


def test_a_column_that_is_dropped_and_added_again_is_lost(project: Foreign) -> None:
    table(project, "b text NOT NULL")
    change(project, "ALTER TABLE a DROP b", "ALTER TABLE a ADD b text NOT NULL DEFAULT ''")
    (loss,) = trial(project).losses
    assert (loss.table, loss.column, loss.at, loss.of) == ("a", "b", "downgrade", 100)
    assert (loss.damage, loss.became) == ("changed", "")
    assert loss.rows > 90


def test_a_column_that_is_emptied_on_the_way_is_lost_at_the_upgrade(project: Foreign) -> None:
    table(project, "b text NOT NULL")
    change(project, "ALTER TABLE a DROP b, ADD b text")
    assert told(trial(project).losses) == [
        ("upgrade", "b", "lost", 100),
        ("downgrade", "b", "lost", 100),
    ]


def test_a_column_is_lost_when_the_downgrade_refuses(project: Foreign) -> None:
    table(project, "b text NOT NULL")
    project.revision("two", "op.drop_column('a', 'b')", "raise RuntimeError('no')", parent="one")
    found = trial(project)
    assert found.downgrade.outcome == "refused"
    assert told(found.losses) == [("upgrade", "b", "lost", 100)]


def test_a_dropped_table_loses_its_rows(project: Foreign) -> None:
    table(project, "b int")
    change(project, "DROP TABLE a", "CREATE TABLE a (id int PRIMARY KEY, b int)")
    assert told(trial(project).losses) == [("downgrade", "", "rows lost", 100)]


def test_a_type_that_rounds_changes_values(project: Foreign) -> None:
    table(project, "b numeric(10, 2) NOT NULL CHECK (b BETWEEN 0 AND 100)")
    change(
        project,
        "ALTER TABLE a ALTER b TYPE int USING floor(b)",
        "ALTER TABLE a ALTER b TYPE numeric(10, 2)",
    )
    damages = {(loss.column, loss.damage, loss.at) for loss in trial(project).losses}
    assert damages == {("b", "changed", "upgrade"), ("b", "changed", "downgrade")}


def test_a_wider_type_changes_nothing(project: Foreign) -> None:
    table(project, "b int, c date, d numeric(8, 2)")
    change(
        project,
        "ALTER TABLE a ALTER id TYPE bigint, ALTER b TYPE numeric(20, 3), "
        "ALTER c TYPE timestamptz, ALTER d TYPE numeric(12, 4)",
        "ALTER TABLE a ALTER id TYPE int, ALTER b TYPE int, ALTER c TYPE date, "
        "ALTER d TYPE numeric(8, 2)",
    )
    assert trial(project).losses == ()


def test_a_downgrade_that_restores_loses_nothing(project: Foreign) -> None:
    table(project, "b jsonb, c tsvector, d float8, e int GENERATED ALWAYS AS (1) STORED, f json")
    change(project, "ALTER TABLE a ADD g int DEFAULT 1", "ALTER TABLE a DROP g")
    found = trial(project)
    assert (found.upgrade.outcome, found.downgrade.outcome) == ("done", "done")
    assert found.losses == ()


def test_what_is_renamed_is_not_lost(project: Foreign) -> None:
    table(project, "b text")
    change(
        project,
        "ALTER TABLE a RENAME b TO c; ALTER TABLE a RENAME TO z",
        "ALTER TABLE z RENAME TO a; ALTER TABLE a RENAME c TO b",
    )
    assert trial(project).losses == ()


def test_a_column_that_is_replaced_with_its_values_is_not_lost(project: Foreign) -> None:
    table(project, "b int")
    up = "ALTER TABLE a ADD c {0}; UPDATE a SET c = b; ALTER TABLE a DROP b; "
    up += "ALTER TABLE a RENAME c TO b"
    change(project, up.format("bigint"), up.format("int"))
    assert trial(project).losses == ()


def test_what_a_data_migration_changes_is_told_at_the_upgrade(project: Foreign) -> None:
    table(project, "b text NOT NULL")
    change(project, "UPDATE a SET b = 'other'", "SELECT 1")
    assert ("upgrade", "b", "changed", 100) in told(trial(project).losses)


def test_rows_that_are_deleted_are_counted(project: Foreign) -> None:
    table(project, "b int")
    change(project, "DELETE FROM a WHERE id IN (SELECT id FROM a LIMIT 7)")
    assert told(trial(project).losses)[0] == ("upgrade", "", "rows lost", 7)


def test_without_a_key_values_are_compared_as_a_bag(project: Foreign) -> None:
    project.revision("one", "op.execute('CREATE TABLE a (b text NOT NULL, c int)')")
    change(project, "UPDATE a SET b = 'other' WHERE ctid IN (SELECT ctid FROM a LIMIT 5)")
    assert told(trial(project).losses)[0] == ("upgrade", "b", "changed", 5)


def test_a_renamed_label_is_another_value(project: Foreign) -> None:
    project.revision(
        "one",
        "op.execute(\"CREATE TYPE m AS ENUM ('x')\")\n"
        "op.execute('CREATE TABLE a (id int PRIMARY KEY, m m NOT NULL)')",
    )
    change(project, "ALTER TYPE m RENAME VALUE 'x' TO 'y'", "ALTER TYPE m RENAME VALUE 'y' TO 'x'")
    (loss,) = trial(project).losses
    assert (loss.at, loss.was, loss.became) == ("upgrade", "x", "y")


def test_a_table_that_cannot_be_filled_is_named_with_the_reason(project: Foreign) -> None:
    table(
        project,
        "b text NOT NULL CHECK (md5(b) = 'x')",
        "CREATE TABLE c (id int PRIMARY KEY)",
    )
    change(project, "ALTER TABLE a ADD d int; ALTER TABLE c ADD d int NOT NULL")
    found = trial(project)
    a, c = found.tables
    assert (a.rows, c.rows) == (0, 100)
    assert "[tool.pgrevise.rows]" in a.reason
    assert found.upgrade.outcome == "failed"


def test_without_any_rows_nothing_is_run(project: Foreign) -> None:
    table(project, "b text NOT NULL CHECK (md5(b) = 'x')")
    change(project, "ALTER TABLE a ADD d int")
    assert trial(project).upgrade.outcome == "skipped"


def test_a_trigger_that_refuses_rows_is_the_reason(project: Foreign) -> None:
    table(
        project,
        "b int",
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN RAISE EXCEPTION 'not today'; END$$",
        "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION f()",
    )
    change(project, "ALTER TABLE a ADD c int")
    (refused,) = trial(project).tables
    assert "not today" in refused.reason


def test_what_touches_no_table_of_before_is_not_tried(project: Foreign) -> None:
    table(project, "b int")
    change(project, "CREATE TABLE c ()", "DROP TABLE c")
    assert project.only("two").trial is None


def test_zero_rows_try_nothing(project: Foreign) -> None:
    table(project, "b int")
    change(project, "ALTER TABLE a ADD c int", "ALTER TABLE a DROP c")
    assert project.only("two", rows=0).trial is None


def test_a_partition_is_filled_through_its_table(project: Foreign) -> None:
    project.revision(
        "one",
        "op.execute('CREATE TABLE a (id int PRIMARY KEY) PARTITION BY RANGE (id)')\n"
        "op.execute('CREATE TABLE a1 PARTITION OF a DEFAULT')",
    )
    change(project, "ALTER TABLE a1 ADD CHECK (id > 0)")
    assert [(one.table, one.rows) for one in trial(project).tables] == [("a", 100)]


def test_tables_elsewhere_and_with_odd_names_are_filled(project: Foreign) -> None:
    project.revision(
        "one",
        "op.execute('CREATE SCHEMA \"s p\"')\n"
        'op.execute(\'CREATE TABLE "s p"."A b" (id int PRIMARY KEY)\')',
    )
    change(project, 'ALTER TABLE "s p"."A b" ADD c int NOT NULL')
    found = trial(project)
    assert [one.table for one in found.tables] == ['"s p"."A b"']
    assert found.upgrade.outcome == "failed"


def test_rows_of_the_history_itself_are_kept(project: Foreign) -> None:
    table(project, "b text", "INSERT INTO a VALUES (-1, 'mine')")
    change(
        project,
        "DELETE FROM a WHERE b = 'mine'",
    )
    found = trial(project)
    assert found.tables[0].rows == 101
    assert told(found.losses)[0] == ("upgrade", "", "rows lost", 1)


def test_hints_of_the_project_are_used(project: Foreign) -> None:
    (project.root / "pyproject.toml").write_text("[tool.pgrevise.rows]\n'a.b' = \"'hint ' || i\"\n")
    table(project, "b text NOT NULL")
    change(project, "ALTER TABLE a DROP b", "ALTER TABLE a ADD b text")
    assert str(trial(project).losses[0].was).startswith("hint ")


def test_the_next_revision_begins_without_the_rows(project: Foreign) -> None:
    table(project, "b int")
    change(project, "ALTER TABLE a ADD c int", "ALTER TABLE a DROP c")
    project.revision(
        "three",
        "assert op.get_bind().exec_driver_sql('SELECT count(*) FROM a').scalar() == 0\n"
        "op.execute('CREATE TABLE z ()')",
        "op.drop_table('z')",
        parent="two",
    )
    assert outcomes(project.rehearse())[2] == ("three", *DONE)


def test_an_upgrade_that_hangs_with_rows_is_ended(project: Foreign) -> None:
    table(project, "b int")
    change(project, "SELECT pg_sleep(60) FROM a LIMIT 1")
    found = trial(project, deadline=1.5)
    assert found.upgrade.outcome == "hung"


def test_ctrl_c_in_the_midst_of_a_trial_leaves_nothing(project: Foreign) -> None:
    table(project, "b int")
    project.revision(
        "two",
        "import os, pathlib, time\n"
        "if op.get_bind().exec_driver_sql('SELECT count(*) FROM a').scalar():\n"
        "    pathlib.Path('begun').write_text(os.environ['PGDATABASE'])\n"
        "    time.sleep(600)",
        parent="one",
    )
    script = (
        "from tests.pgrevise.rehearsal.foreign import Foreign; from pathlib import Path; "
        f"Foreign(Path({str(project.root)!r})).rehearse()"
    )
    begun = project.root / "begun"
    with scratch_server(project.settings) as server, connect(server) as connection:
        with subprocess.Popen(
            [sys.executable, "-c", script], cwd=ROOT, stderr=subprocess.PIPE
        ) as run:
            deadline = time.monotonic() + 60
            while not begun.exists():
                assert time.monotonic() < deadline
                time.sleep(0.05)
            time.sleep(0.1)
            run.send_signal(signal.SIGINT)
            run.communicate(timeout=60)
        name = begun.read_text().removesuffix("work")
        query = "SELECT count(*) FROM pg_database WHERE starts_with(datname, %s)"
        assert name
        assert connection.execute(query, [name]).fetchone() == (0,)
