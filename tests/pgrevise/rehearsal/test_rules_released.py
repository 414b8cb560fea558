"""Findings about released code: what it names, what its INSERTs leave out."""

from __future__ import annotations

import pytest

from pgrevise.postgres.target import Target
from tests.pgrevise.rehearsal.sql_revisions import found, observe, sentences, with_scan

JOBS = """CREATE TYPE state AS ENUM ('queued', 'done');
CREATE TABLE jobs (id bigint PRIMARY KEY, kind text NOT NULL DEFAULT 'mail', note text, s state);
CREATE VIEW waiting AS SELECT id, kind FROM jobs; CREATE SCHEMA audit;
CREATE TABLE audit."Log" (id bigint, "We ird" text)"""


def test_a_dropped_column_is_lost(database: Target) -> None:
    seen = observe(database, JOBS, ["SELECT 1", "ALTER TABLE jobs DROP COLUMN note"])
    (finding,) = found(seen, "column-dropped")
    assert (finding.line, finding.relation, finding.severity) == (2, "jobs", "error")
    assert finding.sentence == (
        "Column jobs.note is dropped: its values are lost and released code that names it fails; "
        "the docstring does not name it."
    )


@pytest.mark.parametrize("docstring", ["Drop the note of jobs.", "Drop jobs.note: nobody reads it"])
def test_a_dropped_column_that_the_docstring_names_is_a_warning(
    database: Target, docstring: str
) -> None:
    drop = "ALTER TABLE jobs DROP COLUMN note"
    seen = observe(database, JOBS, [drop], docstring=docstring)
    assert found(seen, "column-dropped")[0].severity == "warning"


def test_a_dropped_column_of_a_quoted_table_is_found(database: Target) -> None:
    seen = observe(database, JOBS, ['ALTER TABLE audit."Log" DROP COLUMN "We ird"'])
    (finding,) = found(seen, "column-dropped")
    assert (finding.line, finding.relation) == (1, "audit.Log")


def test_a_column_that_is_dropped_and_added_again_is_emptied(database: Target) -> None:
    up = ["ALTER TABLE jobs DROP COLUMN s", "ALTER TABLE jobs ADD COLUMN s state"]
    (said,) = sentences(observe(database, JOBS, up), "column-dropped")
    assert said.startswith("Column jobs.s is dropped and added again, which empties it")


def test_a_column_of_a_new_table_can_come_and_go(database: Target) -> None:
    up = ["CREATE TABLE t (a int, b int)", "ALTER TABLE t DROP COLUMN b"]
    assert found(observe(database, JOBS, up), "column-dropped") == []


def test_a_column_of_a_view_holds_no_values(database: Target) -> None:
    up = ["DROP VIEW waiting", "CREATE VIEW waiting AS SELECT id FROM jobs"]
    assert found(observe(database, JOBS, up), "column-dropped") == []


def test_a_dropped_table_is_lost_with_its_columns(database: Target) -> None:
    seen = observe(database, JOBS, ['DROP TABLE audit."Log"'])
    assert sentences(seen, "table-dropped") == [
        "Table audit.Log is dropped with its rows, and the docstring does not name it."
    ]
    assert found(seen, "column-dropped") == []


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE jobs RENAME note TO remark",
        "alter table only public.jobs rename column note to remark",
        'ALTER TABLE "jobs" RENAME COLUMN "note" TO "remark"',
    ],
)
def test_a_renamed_column_breaks_released_code(database: Target, statement: str) -> None:
    seen = observe(database, JOBS, [statement])
    assert sentences(seen, "column-renamed") == [
        "Column jobs.note is renamed to remark: released code that names note fails."
    ]
    assert found(seen, "column-dropped") == []


def test_a_column_that_another_one_replaces_is_not_renamed(database: Target) -> None:
    up = ["ALTER TABLE jobs DROP COLUMN note", "ALTER TABLE jobs ADD COLUMN remark text"]
    seen = observe(database, JOBS, up)
    assert found(seen, "column-renamed") == []
    assert len(found(seen, "column-dropped")) == 1


def test_a_renamed_table_breaks_released_code(database: Target) -> None:
    seen = observe(database, JOBS, ["ALTER TABLE jobs RENAME TO work"])
    assert sentences(seen, "table-renamed") == [
        "Table jobs is renamed to work: released code that names jobs fails."
    ]
    assert found(seen, "table-dropped") == found(seen, "column-dropped") == []


def test_a_renamed_table_can_leave_a_view(database: Target) -> None:
    up = ["ALTER TABLE jobs RENAME TO work", "CREATE VIEW jobs AS SELECT * FROM work"]
    assert found(observe(database, JOBS, up), "table-renamed") == []


def test_a_renamed_label_breaks_released_code(database: Target) -> None:
    seen = observe(database, JOBS, ["ALTER TYPE state RENAME VALUE 'done' TO 'finished'"])
    assert sentences(seen, "enum-value-renamed") == [
        "Enum state: done is renamed to finished: released code that writes done fails."
    ]
    assert found(seen, "enum-value-removed") == []


def test_a_label_that_is_gone_breaks_released_code(database: Target) -> None:
    up = [
        "CREATE TYPE state_new AS ENUM ('queued')",
        "ALTER TABLE jobs ALTER s TYPE state_new USING s::text::state_new",
        "DROP TYPE state",
        "ALTER TYPE state_new RENAME TO state",
    ]
    assert sentences(observe(database, JOBS, up), "enum-value-removed") == [
        "Enum state loses done."
    ]


def test_a_new_label_breaks_nothing(database: Target) -> None:
    seen = observe(database, JOBS, ["ALTER TYPE state ADD VALUE 'failed'"])
    assert found(seen, "enum-value-renamed") == found(seen, "enum-value-removed") == []


def test_a_required_column_without_a_default_fails_on_rows(database: Target) -> None:
    seen = observe(database, JOBS, ["ALTER TABLE jobs ADD COLUMN weight int NOT NULL"])
    assert sentences(seen, "not-null-without-default") == [
        "Column jobs.weight is NOT NULL without a default: adding it fails if jobs has a row, and "
        "INSERTs of released code fail, because they do not name it."
    ]


def test_a_required_column_that_was_filled_still_breaks_inserts(database: Target) -> None:
    up = [
        "ALTER TABLE jobs ADD COLUMN weight int NOT NULL DEFAULT 0",
        "ALTER TABLE jobs ALTER COLUMN weight DROP DEFAULT",
    ]
    (finding,) = found(observe(database, JOBS, up), "not-null-without-default")
    assert (finding.line, "adding it fails" in finding.sentence) == (1, False)


@pytest.mark.parametrize(
    "column",
    [
        "weight int",
        "weight int NOT NULL DEFAULT 0",
        "weight int NOT NULL GENERATED ALWAYS AS IDENTITY",
        "weight int NOT NULL GENERATED ALWAYS AS (1) STORED",
    ],
)
def test_a_column_that_an_insert_can_leave_out_is_fine(database: Target, column: str) -> None:
    seen = observe(database, JOBS, [f"ALTER TABLE jobs ADD COLUMN {column}"])
    assert found(seen, "not-null-without-default") == []


def test_a_new_table_may_require_what_it_likes(database: Target) -> None:
    seen = observe(database, JOBS, ["CREATE TABLE t (a int NOT NULL)"])
    assert found(seen, "not-null-without-default") == []


def test_a_renamed_required_column_is_not_a_new_one(database: Target) -> None:
    up = ["ALTER TABLE jobs ALTER kind DROP DEFAULT", "ALTER TABLE jobs RENAME kind TO sort"]
    assert found(observe(database, JOBS, up), "not-null-without-default") == []


def test_a_required_column_that_loses_its_default(database: Target) -> None:
    seen = observe(database, JOBS, ["ALTER TABLE jobs ALTER COLUMN kind DROP DEFAULT"])
    assert sentences(seen, "default-dropped") == [
        "Column jobs.kind is NOT NULL and loses its default ('mail'::text): INSERTs that do not "
        "name it fail."
    ]


def test_a_column_that_may_be_null_loses_its_default(database: Target) -> None:
    parent = "CREATE TABLE t (a int DEFAULT 1)"
    (finding,) = found(
        observe(database, parent, ["ALTER TABLE t ALTER a DROP DEFAULT"]), "default-dropped"
    )
    assert finding.severity == "info"
    assert finding.sentence == (
        "Column t.a loses its default (1): INSERTs that do not name it write NULL."
    )


@pytest.mark.parametrize(
    "change", ["ALTER note SET DEFAULT ''", "ALTER kind SET DEFAULT 'x'", "ALTER kind TYPE text"]
)
def test_other_changes_of_defaults_are_fine(database: Target, change: str) -> None:
    seen = observe(database, JOBS, [f"ALTER TABLE jobs {change}"])
    assert found(seen, "default-dropped") == []


def test_a_column_that_may_be_null_from_now_on(database: Target) -> None:
    seen = observe(database, JOBS, ["ALTER TABLE jobs ALTER COLUMN kind DROP NOT NULL"])
    assert sentences(seen, "not-null-dropped") == ["Column jobs.kind may be NULL from now on."]


SET_NOT_NULL = "ALTER TABLE jobs ALTER COLUMN note SET NOT NULL"


def test_not_null_that_looks_at_rows_may_fail(database: Target) -> None:
    seen = with_scan(observe(database, JOBS, [SET_NOT_NULL]), 1, "jobs")
    assert sentences(seen, "not-null-may-fail") == [
        "Column jobs.note becomes NOT NULL: this fails if a row of jobs has a NULL there."
    ]


def test_not_null_that_looks_at_no_row_is_proved(database: Target) -> None:
    assert found(observe(database, JOBS, [SET_NOT_NULL]), "not-null-may-fail") == []


def test_not_null_after_filling_the_column_is_fine(database: Target) -> None:
    up = ["UPDATE jobs SET note = '' WHERE note IS NULL", SET_NOT_NULL]
    seen = with_scan(observe(database, JOBS, up), 2, "jobs")
    assert found(seen, "not-null-may-fail") == []


def test_a_trigger_on_updates_fills_nothing(database: Target) -> None:
    up = [
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE TRIGGER t BEFORE UPDATE OF note ON jobs FOR EACH ROW EXECUTE FUNCTION f()",
        SET_NOT_NULL,
    ]
    seen = with_scan(observe(database, JOBS, up), 3, "jobs")
    assert len(found(seen, "not-null-may-fail")) == 1


def test_a_check_in_the_same_revision_is_not_taken_for_set_not_null(database: Target) -> None:
    check = "ALTER TABLE jobs ADD CONSTRAINT c CHECK (note IS NOT NULL) NOT VALID"
    seen = with_scan(observe(database, JOBS, [check, SET_NOT_NULL]), 2, "jobs")
    assert [finding.line for finding in found(seen, "not-null-may-fail")] == [2]
