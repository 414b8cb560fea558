"""Findings about privileges, row-level security, triggers and values of enums and columns."""

from __future__ import annotations

import pytest

from pgrevise.postgres.target import Target
from tests.pgrevise.rehearsal.sql_revisions import found, observe, sentences

JOBS = """CREATE TYPE state AS ENUM ('queued', 'done');
CREATE TABLE jobs (id bigint PRIMARY KEY, queue text, s state, size int,
    twice int GENERATED ALWAYS AS (size * 2) STORED);
CREATE VIEW waiting AS SELECT id FROM jobs;
GRANT SELECT, INSERT ON jobs TO pg_monitor; GRANT SELECT ON waiting TO pg_monitor;
CREATE FUNCTION act() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.size = 1; RETURN NEW; END'"""
AGAIN = ["DROP VIEW waiting", "CREATE VIEW waiting AS SELECT id, queue FROM jobs"]
ACTS = "CREATE TRIGGER acts BEFORE INSERT OR UPDATE ON jobs FOR EACH ROW EXECUTE FUNCTION act()"


def test_a_privilege_that_is_taken_away(database: Target) -> None:
    seen = observe(database, JOBS, ["SELECT 1", "REVOKE INSERT ON jobs FROM pg_monitor"])
    (finding,) = found(seen, "privilege-revoked")
    assert (finding.line, finding.relation) == (2, "jobs")
    assert finding.sentence == "On table jobs, INSERT of pg_monitor is taken away."


def test_the_privileges_of_a_view_that_is_made_again_are_lost(database: Target) -> None:
    assert sentences(observe(database, JOBS, AGAIN), "privilege-revoked") == [
        "On view waiting, SELECT of pg_monitor is lost: it was dropped and made again, without "
        "the privileges."
    ]


def test_a_function_that_not_everybody_may_call_any_more(database: Target) -> None:
    parent = "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'"
    seen = observe(database, parent, ["REVOKE EXECUTE ON FUNCTION f() FROM PUBLIC"])
    assert sentences(seen, "privilege-revoked") == [
        "On function f(), EXECUTE of PUBLIC is taken away."
    ]


def test_a_schema_in_which_not_everybody_may_create_any_more(database: Target) -> None:
    up = ["REVOKE USAGE ON SCHEMA public FROM PUBLIC"]
    assert sentences(observe(database, JOBS, up), "privilege-revoked") == [
        "On schema public, USAGE of PUBLIC is taken away."
    ]


@pytest.mark.parametrize(
    "upgrade",
    [
        ["GRANT SELECT ON jobs TO pg_monitor WITH GRANT OPTION"],
        ["GRANT UPDATE ON jobs TO pg_monitor"],
        [*AGAIN, "GRANT SELECT ON waiting TO pg_monitor"],
        ["CREATE TABLE t (a int)", "REVOKE INSERT ON t FROM CURRENT_USER"],
        ["DROP VIEW waiting"],
        ["ALTER VIEW waiting RENAME TO other"],
    ],
)
def test_privileges_that_nobody_loses(database: Target, upgrade: list[str]) -> None:
    assert found(observe(database, JOBS, upgrade), "privilege-revoked") == []


ENABLE = "ALTER TABLE jobs ENABLE ROW LEVEL SECURITY"
FORCE = "ALTER TABLE jobs FORCE ROW LEVEL SECURITY"
OWN = "CREATE POLICY own ON jobs USING (queue = current_user)"


def test_row_security_without_any_policy_hides_everything(database: Target) -> None:
    (finding,) = found(observe(database, JOBS, [ENABLE]), "row-security-without-policy")
    assert (finding.line, finding.relation, finding.severity) == (1, "jobs", "error")
    assert finding.sentence == (
        "jobs has row-level security and no policy: it is empty for everybody but its owner."
    )


def test_forced_row_security_hides_it_from_the_owner(database: Target) -> None:
    seen = observe(database, JOBS, [ENABLE, FORCE])
    (said,) = sentences(seen, "row-security-without-policy")
    assert said.endswith("it is empty for everybody, its owner too.")


def test_commands_without_a_policy_are_named(database: Target) -> None:
    up = [ENABLE, "CREATE POLICY own ON jobs FOR SELECT USING (true)"]
    (finding,) = found(observe(database, JOBS, up), "row-security-without-policy")
    assert finding.severity == "warning"
    assert finding.sentence == (
        "jobs has row-level security and no policy for INSERT, UPDATE and DELETE: everybody but "
        "its owner can do none of it."
    )


def test_the_last_policy_that_goes_hides_everything(database: Target) -> None:
    seen = observe(database, f"{JOBS};{OWN};{ENABLE}", ["DROP POLICY own ON jobs"])
    assert len(found(seen, "row-security-without-policy")) == 1


@pytest.mark.parametrize(
    "upgrade",
    [
        [OWN, ENABLE],
        [OWN],
        ["CREATE TABLE t (a int)", "ALTER TABLE t ENABLE ROW LEVEL SECURITY"],
        [ENABLE, "ALTER TABLE jobs DISABLE ROW LEVEL SECURITY"],
    ],
)
def test_row_security_that_lets_somebody_in_is_fine(database: Target, upgrade: list[str]) -> None:
    assert found(observe(database, JOBS, upgrade), "row-security-without-policy") == []


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("ALTER TABLE jobs DISABLE ROW LEVEL SECURITY", "Row-level security is switched off for"),
        ("ALTER TABLE jobs NO FORCE ROW LEVEL SECURITY", "no longer binds the owner for jobs"),
        ("DROP POLICY few ON jobs", "The restrictive policy few is dropped for jobs: rows that it"),
    ],
)
def test_rows_that_are_guarded_no_more(database: Target, statement: str, told: str) -> None:
    few = "CREATE POLICY few ON jobs AS RESTRICTIVE USING (size < 9)"
    seen = observe(database, f"{JOBS};{OWN};{few};{ENABLE};{FORCE}", [statement])
    (said,) = sentences(seen, "row-security-lifted")
    assert told in said
    assert found(seen, "row-security-without-policy") == []


def test_a_new_trigger_of_an_old_table(database: Target) -> None:
    assert sentences(observe(database, JOBS, [ACTS]), "trigger-added") == [
        "Trigger acts runs on each INSERT or UPDATE of jobs, released code's too."
    ]


def test_a_trigger_that_the_docstring_speaks_of_is_known(database: Target) -> None:
    seen = observe(database, JOBS, [ACTS], docstring="A trigger keeps the size.")
    assert found(seen, "trigger-added") == []


@pytest.mark.parametrize(
    "upgrade",
    [
        ["CREATE TABLE t (size int)", ACTS.replace("jobs", "t")],
        ["CREATE TABLE t (size int)", ACTS.replace("jobs", "t"), "DROP TRIGGER acts ON t"],
    ],
)
def test_triggers_of_new_tables_are_fine(database: Target, upgrade: list[str]) -> None:
    seen = observe(database, JOBS, upgrade)
    assert found(seen, "trigger-added") == found(seen, "trigger-dropped") == []


def test_a_trigger_that_another_one_replaces_is_neither_new_nor_gone(database: Target) -> None:
    up = ["DROP TRIGGER acts ON jobs", ACTS.replace("acts", "acts_too")]
    seen = observe(database, f"{JOBS};{ACTS}", up)
    assert found(seen, "trigger-added") == found(seen, "trigger-dropped") == []


def test_a_dropped_trigger(database: Target) -> None:
    seen = observe(database, f"{JOBS};{ACTS}", ["DROP TRIGGER acts ON jobs"])
    assert sentences(seen, "trigger-dropped") == [
        "Trigger acts of jobs is dropped: what it did on each INSERT or UPDATE is done no more."
    ]


def test_a_trigger_of_a_column_goes_with_it(database: Target) -> None:
    up = ["DROP TRIGGER acts ON jobs", "ALTER TABLE jobs DROP twice", "ALTER TABLE jobs DROP size"]
    assert found(observe(database, f"{JOBS};{ACTS}", up), "trigger-dropped") == []


def test_a_disabled_trigger(database: Target) -> None:
    seen = observe(database, f"{JOBS};{ACTS}", ["ALTER TABLE jobs DISABLE TRIGGER acts"])
    assert sentences(seen, "trigger-disabled") == ["Trigger acts of jobs fires no more."]


def test_disabling_all_triggers_leaves_foreign_keys_unchecked(database: Target) -> None:
    parent = f"{JOBS}; CREATE TABLE t (j bigint CONSTRAINT fk_j REFERENCES jobs)"
    seen = observe(database, parent, ["ALTER TABLE t DISABLE TRIGGER ALL"])
    assert sentences(seen, "trigger-disabled") == ["Foreign key fk_j of t is checked no more."]


def test_a_trigger_that_is_enabled_again_is_fine(database: Target) -> None:
    up = [f"ALTER TABLE jobs {how} TRIGGER acts" for how in ("DISABLE", "ENABLE")]
    assert found(observe(database, f"{JOBS};{ACTS}", up), "trigger-disabled") == []


def test_a_label_that_the_docstring_does_not_name(database: Target) -> None:
    up = ["ALTER TYPE state ADD VALUE 'failed' BEFORE 'done'"]
    assert sentences(observe(database, JOBS, up), "enum-value-added") == [
        "Enum state gets failed: released code that reads it fails; failed sorts after queued."
    ]


def test_a_label_that_the_docstring_names(database: Target) -> None:
    up = ["ALTER TYPE state ADD VALUE 'failed'"]
    seen = observe(database, JOBS, up, docstring="Jobs can be failed.")
    assert found(seen, "enum-value-added") == []


def test_a_column_that_takes_no_values_any_more(database: Target) -> None:
    up = ["ALTER TABLE jobs ALTER id ADD GENERATED ALWAYS AS IDENTITY"]
    assert sentences(observe(database, JOBS, up), "column-refuses-values") == [
        "Column jobs.id is GENERATED ALWAYS AS IDENTITY from now on: INSERTs that give it a value "
        "fail."
    ]


def test_an_identity_by_default_takes_values(database: Target) -> None:
    up = ["ALTER TABLE jobs ALTER id ADD GENERATED BY DEFAULT AS IDENTITY"]
    assert found(observe(database, JOBS, up), "column-refuses-values") == []


def test_a_column_that_is_not_computed_any_more(database: Target) -> None:
    seen = observe(database, JOBS, ["ALTER TABLE jobs ALTER twice DROP EXPRESSION"])
    (said,) = sentences(seen, "expression-dropped")
    assert said.startswith("Column twice of jobs is not computed any more: it was (size * 2)")
