"""Findings about schemas, routines, types and the like that go, and what things are called then."""

from __future__ import annotations

import pytest

from pgrevise.postgres.target import Target
from tests.pgrevise.rehearsal.sql_revisions import found, observe, sentences

PARENT = """CREATE TYPE state AS ENUM ('queued', 'done');
CREATE TABLE jobs (id bigint PRIMARY KEY, s state, n serial);
CREATE VIEW waiting AS SELECT id, s FROM jobs;
CREATE SCHEMA audit; CREATE TABLE audit.log (id int); CREATE TABLE audit.old (id int);
CREATE VIEW audit.last AS SELECT max(id) FROM audit.log; CREATE SCHEMA bare;
CREATE SEQUENCE numbers;
CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT a';
CREATE FUNCTION act() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"""


def test_a_dropped_schema_is_told_with_what_is_in_it(database: Target) -> None:
    seen = observe(database, PARENT, ["SELECT 1", "DROP SCHEMA audit CASCADE"])
    (finding,) = found(seen, "schema-dropped")
    assert (finding.line, finding.severity) == (2, "error")
    assert finding.sentence == (
        "Schema audit is dropped with 2 tables and 1 view in it, and the docstring does not name "
        "it."
    )


def test_an_empty_schema_that_the_docstring_names_is_a_warning(database: Target) -> None:
    seen = observe(database, PARENT, ["DROP SCHEMA bare"], docstring="Drop the schema bare.")
    (finding,) = found(seen, "schema-dropped")
    assert (finding.severity, "held nothing" in finding.sentence) == ("warning", True)


def test_a_renamed_schema_drops_none_of_its_tables(database: Target) -> None:
    seen = observe(database, PARENT, ["ALTER SCHEMA audit RENAME TO trail"])
    assert sentences(seen, "schema-dropped") == [
        "Schema audit is renamed to trail: released code that names it fails."
    ]
    assert found(seen, "table-dropped") == found(seen, "table-renamed") == []


def test_a_table_that_moves_to_another_schema_is_renamed_and_not_dropped(database: Target) -> None:
    seen = observe(database, PARENT, ["ALTER TABLE jobs SET SCHEMA audit"])
    assert sentences(seen, "table-renamed") == [
        "Table jobs is renamed to audit.jobs: released code that names jobs fails."
    ]
    assert found(seen, "table-dropped") == []


def test_a_table_that_is_renamed_twice_is_found_under_its_last_name(database: Target) -> None:
    up = ["ALTER TABLE audit.old RENAME TO x", "ALTER TABLE audit.x RENAME TO y"]
    (said,) = sentences(observe(database, PARENT, up), "table-renamed")
    assert said.startswith("Table audit.old is renamed to audit.y")


def test_a_table_that_is_dropped_and_made_again_is_emptied(database: Target) -> None:
    up = ["DROP TABLE IF EXISTS audit.old", "CREATE TABLE audit.old (id int)"]
    (finding,) = found(observe(database, PARENT, up), "table-dropped")
    assert (finding.line, finding.severity, finding.relation) == (1, "error", "audit.old")
    assert finding.sentence.startswith("Table audit.old is dropped and made again, which empties")


def test_a_table_of_the_same_name_elsewhere_is_not_emptied(database: Target) -> None:
    parent = f"{PARENT}; CREATE TABLE old (id int)"
    (said,) = sentences(observe(database, parent, ["DROP TABLE audit.old"]), "table-dropped")
    assert said.startswith("Table audit.old is dropped")


def test_a_table_whose_copy_takes_its_place_keeps_its_rows(database: Target) -> None:
    up = [
        "CREATE TABLE audit.new (id int)",
        "INSERT INTO audit.new SELECT id FROM audit.old",
        "DROP TABLE audit.old",
        "ALTER TABLE audit.new RENAME TO old",
    ]
    assert found(observe(database, PARENT, up), "table-dropped") == []


def test_a_renamed_view_is_told_with_its_new_name(database: Target) -> None:
    seen = observe(database, PARENT, ["ALTER VIEW waiting RENAME TO queue"])
    assert sentences(seen, "view-dropped") == [
        "View waiting is renamed to queue: released code that names it fails."
    ]


def test_a_view_that_loses_a_column(database: Target) -> None:
    up = ["DROP VIEW waiting", "CREATE VIEW waiting AS SELECT id FROM jobs"]
    assert sentences(observe(database, PARENT, up), "view-column-dropped") == [
        "View waiting has no column s any more: released code that names it fails."
    ]


def test_a_dropped_function_breaks_its_callers(database: Target) -> None:
    seen = observe(database, PARENT, ["DROP FUNCTION f(int)"])
    assert sentences(seen, "function-dropped") == [
        "Function f(integer) is dropped: released code that calls it fails."
    ]


def test_a_renamed_function_is_told_with_its_new_name(database: Target) -> None:
    (said,) = sentences(
        observe(database, PARENT, ["ALTER FUNCTION f(int) RENAME TO g"]), "function-dropped"
    )
    assert said.startswith("Function f(integer) is renamed to g(integer)")


@pytest.mark.parametrize(
    "upgrade",
    [
        ["DROP FUNCTION act()"],  # nobody calls the function of a trigger
        [
            "DROP FUNCTION f(int)",
            "CREATE FUNCTION f(a int, b int DEFAULT 0) RETURNS int LANGUAGE sql AS 'SELECT a + b'",
        ],
        ["CREATE OR REPLACE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT a + 1'"],
    ],
)
def test_functions_that_take_the_same_calls_are_fine(database: Target, upgrade: list[str]) -> None:
    assert found(observe(database, PARENT, upgrade), "function-dropped") == []


def test_a_required_new_argument_breaks_the_calls(database: Target) -> None:
    up = [
        "DROP FUNCTION f(int)",
        "CREATE FUNCTION f(a int, b int) RETURNS int LANGUAGE sql AS 'SELECT a + b'",
    ]
    assert len(found(observe(database, PARENT, up), "function-dropped")) == 1


def test_a_type_that_a_column_had(database: Target) -> None:
    up = ["DROP VIEW waiting", "ALTER TABLE jobs ALTER s TYPE text", "DROP TYPE state"]
    (finding,) = found(observe(database, PARENT, up), "type-dropped")
    assert (finding.line, finding.relation, finding.severity) == (3, "jobs", "warning")
    assert finding.sentence == (
        "Enum state is dropped: released code that names it fails (jobs.s had it)."
    )


def test_a_type_that_goes_with_its_columns_is_told_with_them(database: Target) -> None:
    up = ["DROP VIEW waiting", "ALTER TABLE jobs DROP COLUMN s", "DROP TYPE state"]
    assert found(observe(database, PARENT, up), "type-dropped") == []


def test_a_type_that_no_column_had_is_worth_knowing(database: Target) -> None:
    parent = "CREATE DOMAIN rank AS int"
    (finding,) = found(observe(database, parent, ["DROP DOMAIN rank"]), "type-dropped")
    assert finding.severity == "info"


def test_an_enum_that_is_made_anew_under_its_name_is_not_dropped(database: Target) -> None:
    up = [
        "DROP VIEW waiting",
        "ALTER TYPE state RENAME TO state_old",
        "CREATE TYPE state AS ENUM ('queued', 'done', 'failed')",
        "ALTER TABLE jobs ALTER s TYPE state USING s::text::state",
        "DROP TYPE state_old",
    ]
    assert found(observe(database, PARENT, up), "type-dropped") == []


def test_a_dropped_sequence_has_counted_for_somebody(database: Target) -> None:
    seen = observe(database, PARENT, ["DROP SEQUENCE numbers"])
    assert sentences(seen, "sequence-dropped") == [
        "Sequence numbers is dropped: released code that asks it for values fails."
    ]


def test_a_sequence_whose_column_counts_otherwise_is_worth_knowing(database: Target) -> None:
    up = [
        "ALTER TABLE jobs ALTER n DROP DEFAULT",
        "ALTER SEQUENCE jobs_n_seq RENAME TO old",
        "ALTER TABLE jobs ALTER n ADD GENERATED BY DEFAULT AS IDENTITY (SEQUENCE NAME new)",
        "DROP SEQUENCE old",
    ]
    (finding,) = found(observe(database, PARENT, up), "sequence-dropped")
    assert finding.severity == "info"


def test_a_sequence_goes_with_its_column(database: Target) -> None:
    up = ["ALTER TABLE jobs DROP COLUMN n"]
    assert found(observe(database, PARENT, up), "sequence-dropped") == []


def test_a_dropped_extension(database: Target) -> None:
    seen = observe(database, "CREATE EXTENSION citext", ["DROP EXTENSION citext"])
    assert sentences(seen, "extension-dropped") == [
        "Extension citext is dropped: what uses its functions, types or operators fails."
    ]


@pytest.mark.parametrize(
    "rule", ["schema-dropped", "function-dropped", "type-dropped", "sequence-dropped"]
)
def test_what_is_new_can_come_and_go(database: Target, rule: str) -> None:
    up = [
        "CREATE SCHEMA s",
        "CREATE TYPE s.t AS ENUM ('a')",
        "CREATE SEQUENCE s.n",
        "CREATE FUNCTION s.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "DROP SCHEMA s CASCADE",
    ]
    assert found(observe(database, PARENT, up), rule) == []
