"""What is judged of a trial with rows, and which rule speaks where several could."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from pgrevise.postgres.target import Target
from pgrevise.rehearsal.facts import Observed, Passage, Statement
from pgrevise.rehearsal.rules.registry import judge
from pgrevise.rehearsal.trial.comparing import At
from pgrevise.rehearsal.trial.facts import (
    Broken,
    Damage,
    FilledTable,
    Loss,
    Operation,
    Released,
    Seconds,
    Stall,
    Trial,
)
from tests.pgrevise.rehearsal.sql_revisions import found, observe, passage, sentences, with_scan

JOBS = "CREATE TABLE jobs (id bigint PRIMARY KEY, kind text, note text, price numeric(10,2))"
TABLES = (FilledTable("jobs", 100), FilledTable("queues", 5, is_touched=False))
UP = Passage("upgrade", statements=(Statement(1, "UPDATE jobs SET note = 'x'", line=1),))
DOWN = Passage("downgrade", statements=(Statement(1, "UPDATE jobs SET note = 'y'", line=1),))
TRIED = Trial(TABLES, UP, DOWN)


def tried(
    database: Target,
    upgrade: Sequence[str] = ("SELECT 1",),
    downgrade: Sequence[str] = ("SELECT 1",),
    *,
    trial: Trial = TRIED,
    docstring: str = "",
    source: str = "",
) -> Observed:
    seen = observe(database, JOBS, upgrade, downgrade, docstring=docstring, source=source)
    return replace(seen, trial=trial)


def failed(sql: str, error: str, sqlstate: str, line: int = 1) -> Passage:
    statement = Statement(1, sql, line=line, error=error, sqlstate=sqlstate)
    return Passage("upgrade", "failed", error, line, statements=(statement,))


def lost(
    column: str = "note", damage: Damage = "lost", at: At = "downgrade", table: str = "jobs"
) -> Loss:
    was, became = ("a", "b") if damage == "changed" else ("a", None)
    return Loss(
        table, column, damage, "upgrade" if at == "upgrade" else "downgrade", 7, 100, was, became
    )


# What fails

NOT_NULL = "ALTER TABLE jobs ALTER note SET NOT NULL"
NULLS = failed(NOT_NULL, 'column "note" of relation "jobs" contains null values', "23502")


def test_an_upgrade_that_fails_on_values_that_the_schema_allows_is_a_warning(
    database: Target,
) -> None:
    seen = tried(database, [NOT_NULL], trial=replace(TRIED, upgrade=NULLS))
    (finding,) = found(seen, "fails-on-existing-rows")
    assert (finding.direction, finding.line, finding.severity) == ("upgrade", 1, "warning")
    assert finding.sentence == (
        "upgrade() works without rows and fails with rows (100 in jobs): "
        'column "note" of relation "jobs" contains null values.'
    )
    assert finding.advice.startswith("Give the column a server_default, or fill it")
    assert "allow this and say how you know" in finding.advice


def test_an_upgrade_that_fails_on_every_row_is_an_error(database: Target) -> None:
    add = "ALTER TABLE jobs ADD weight integer NOT NULL"
    trial = replace(TRIED, upgrade=failed(add, 'column "weight" contains null values', "23502"))
    (finding,) = found(tried(database, [add], trial=trial), "fails-on-existing-rows")
    assert finding.severity == "error"


def test_an_upgrade_that_fails_on_rows_whatever_they_hold_is_an_error(database: Target) -> None:
    pending = failed("ALTER TABLE jobs ADD a integer", "it has pending trigger events", "55006")
    (finding,) = found(
        tried(database, trial=replace(TRIED, upgrade=pending)), "fails-on-existing-rows"
    )
    assert finding.severity == "error"


def test_an_upgrade_that_does_not_end_with_rows_is_an_error(database: Target) -> None:
    hung = Passage("upgrade", "hung", "it had not ended after 60 s")
    (said,) = sentences(
        tried(database, trial=replace(TRIED, upgrade=hung)), "fails-on-existing-rows"
    )
    assert said.startswith("upgrade() works without rows and does not end with rows")


def test_a_downgrade_that_fails_with_rows_is_a_warning(database: Target) -> None:
    down = Passage("downgrade", "failed", "value too long", 1)
    seen = tried(database, trial=replace(TRIED, downgrade=down))
    assert [f.severity for f in judge(seen) if f.rule == "fails-on-existing-rows"] == ["warning"]


def test_what_fails_without_rows_is_told_by_other_rules(database: Target) -> None:
    seen = tried(database, trial=replace(TRIED, upgrade=NULLS))
    seen = replace(seen, upgrade=passage("upgrade", "failed", "no such thing"))
    assert found(seen, "fails-on-existing-rows") == []


@pytest.mark.parametrize("outcome", ["refused", "skipped"])
def test_a_downgrade_that_was_not_run_does_not_fail(database: Target, outcome: str) -> None:
    down = passage("downgrade", "refused" if outcome == "refused" else "skipped")
    seen = tried(database, trial=replace(TRIED, downgrade=down))
    assert found(seen, "fails-on-existing-rows") == []


def test_without_a_trial_nothing_is_said(database: Target) -> None:
    seen = replace(tried(database), trial=None)
    rules = ["fails-on-existing-rows", "undocumented-loss", "values-changed"]
    rules += ["breaks-released-code", "stall-longer-than-limit"]
    assert [found(seen, rule) for rule in rules] == [[]] * 5


def test_what_may_fail_is_not_said_when_it_did(database: Target) -> None:
    seen = with_scan(tried(database, [NOT_NULL]), 1, "jobs")
    assert found(seen, "not-null-may-fail")
    assert not found(replace(seen, trial=replace(TRIED, upgrade=NULLS)), "not-null-may-fail")


def test_duplicates_are_told_once(database: Target) -> None:
    unique = "CREATE UNIQUE INDEX uq ON jobs (note)"
    seen = tried(database, [unique])
    assert found(seen, "unique-may-fail")
    trial = replace(TRIED, upgrade=failed(unique, "could not create unique index", "23505"))
    assert not found(replace(seen, trial=trial), "unique-may-fail")


def test_values_that_do_not_fit_are_told_once(database: Target) -> None:
    narrow = "ALTER TABLE jobs ALTER note TYPE varchar(3)"
    seen = tried(database, [narrow])
    assert found(seen, "type-narrowed")
    trial = replace(TRIED, upgrade=failed(narrow, "value too long", "22001"))
    assert not found(replace(seen, trial=trial), "type-narrowed")


def test_a_failure_of_another_line_proves_nothing(database: Target) -> None:
    unique = "CREATE UNIQUE INDEX uq ON jobs (note)"
    trial = replace(TRIED, upgrade=failed(unique, "could not create", "23505", line=2))
    assert found(tried(database, [unique], trial=trial), "unique-may-fail")


def test_what_the_project_said_of_its_rows_holds_for_a_trial_too(database: Target) -> None:
    source = "# pgrevise: allow not-null-may-fail -- we looked: there is none"
    seen = tried(database, [NOT_NULL], trial=replace(TRIED, upgrade=NULLS), source=source)
    seen = with_scan(seen, 1, "jobs")
    assert not found(seen, "fails-on-existing-rows")
    assert found(seen, "not-null-may-fail")


def test_a_column_that_fails_on_rows_is_still_unknown_to_released_code(database: Target) -> None:
    add = "ALTER TABLE jobs ADD weight integer NOT NULL"
    trial = replace(TRIED, upgrade=failed(add, 'column "weight" contains null values', "23502"))
    (said,) = sentences(tried(database, [add], trial=trial), "not-null-without-default")
    assert "has a row" not in said
    assert "INSERTs of released code fail" in said


# What is lost

DROP = ["ALTER TABLE jobs DROP COLUMN note"]
BACK = ["ALTER TABLE jobs ADD COLUMN note text"]


def test_a_lost_column_that_nobody_named_is_an_error_of_the_upgrade(database: Target) -> None:
    seen = tried(database, ["SELECT 1", *DROP], BACK, trial=replace(TRIED, losses=(lost(),)))
    (finding,) = found(seen, "undocumented-loss")
    assert (finding.direction, finding.line, finding.severity) == ("upgrade", 2, "error")
    assert finding.sentence == (
        "Column jobs.note loses its values: 7 of 100 rows had one, such as 'a', and have none "
        "after upgrade and downgrade; the docstring does not name note."
    )


def test_a_loss_that_the_docstring_names_is_right(database: Target) -> None:
    seen = tried(database, DROP, BACK, trial=replace(TRIED, losses=(lost(),)), docstring="No note.")
    assert not found(seen, "undocumented-loss")


def test_what_is_lost_is_not_said_by_the_rule_about_dropping(database: Target) -> None:
    seen = tried(database, DROP, BACK, trial=replace(TRIED, losses=(lost(),)))
    (finding,) = found(seen, "column-dropped")
    assert finding.severity == "warning"
    assert finding.sentence == ("Column jobs.note is dropped: released code that names it fails.")


def test_rows_that_are_lost_are_told_with_their_table(database: Target) -> None:
    losses = (lost("", "rows lost", "upgrade"), lost("", "rows lost"))
    seen = tried(database, ["DELETE FROM jobs"], trial=replace(TRIED, losses=losses))
    assert sentences(seen, "undocumented-loss") == [
        "Table jobs loses rows: 7 of 100 rows are gone after the upgrade; "
        "the docstring does not name jobs."
    ]


def test_a_dropped_table_is_told_once_to_be_lost(database: Target) -> None:
    loss = lost("", "rows lost")
    seen = tried(database, ["DROP TABLE jobs"], [JOBS], trial=replace(TRIED, losses=(loss,)))
    assert [f.severity for f in found(seen, "table-dropped")] == ["warning"]
    (finding,) = found(seen, "undocumented-loss")
    assert (finding.direction, finding.line) == ("upgrade", 1)


def test_a_loss_of_the_way_down_is_an_error_there(database: Target) -> None:
    down = ["SELECT 1", "UPDATE jobs SET note = NULL"]
    seen = tried(database, downgrade=down, trial=replace(TRIED, losses=(lost(),)))
    (finding,) = found(seen, "undocumented-loss")
    assert (finding.direction, finding.line, finding.severity) == ("downgrade", 2, "error")


def test_what_the_downgrade_brings_back_is_not_lost(database: Target) -> None:
    losses = (lost(at="upgrade"), lost("", "rows lost", "upgrade"))
    seen = tried(database, ["UPDATE jobs SET note = NULL"], trial=replace(TRIED, losses=losses))
    assert not found(seen, "undocumented-loss")
    assert [f.severity for f in found(seen, "values-changed")] == ["warning", "warning"]


def test_what_no_downgrade_can_bring_back_is_lost(database: Target) -> None:
    down = passage("downgrade", "refused", "there is no way back")
    trial = replace(TRIED, downgrade=down, losses=(lost(at="upgrade"),))
    (said,) = sentences(tried(database, DROP, BACK, trial=trial), "undocumented-loss")
    assert "have none after the upgrade" in said


def test_a_loss_of_both_ways_is_told_once(database: Target) -> None:
    trial = replace(TRIED, losses=(lost(), lost(at="upgrade")))
    seen = tried(database, ["SELECT 1", "UPDATE jobs SET note = NULL"], trial=trial)
    (finding,) = found(seen, "undocumented-loss")
    assert (finding.direction, finding.line) == ("upgrade", 2)


def test_a_quoted_name_is_documented_without_its_quotes(database: Target) -> None:
    loss = lost("We ird", table='audit."Log"')
    seen = tried(database, trial=replace(TRIED, losses=(loss,)), docstring="Empties We ird.")
    assert not found(seen, "undocumented-loss")


# What is changed


def test_values_that_stay_changed_are_an_error(database: Target) -> None:
    up = ["ALTER TABLE jobs ALTER price TYPE integer"]
    losses = (lost("price", "changed", "upgrade"), lost("price", "changed"))
    (finding,) = found(tried(database, up, trial=replace(TRIED, losses=losses)), "values-changed")
    assert (finding.direction, finding.line, finding.severity) == ("upgrade", 1, "error")
    assert finding.sentence == (
        "Column jobs.price: 7 of 100 rows hold another value after the upgrade: 'a' became 'b'."
    )


def test_values_that_the_downgrade_brings_back_are_a_warning(database: Target) -> None:
    losses = (lost("kind", "changed", "upgrade"),)
    seen = tried(database, ["UPDATE jobs SET kind = 'b'"], trial=replace(TRIED, losses=losses))
    (finding,) = found(seen, "values-changed")
    assert finding.severity == "warning"
    assert finding.sentence.endswith("'a' became 'b'; the downgrade brings it back.")


def test_a_documented_change_is_right(database: Target) -> None:
    losses = (lost("kind", "changed", "upgrade"), lost("kind", "changed"))
    seen = tried(database, trial=replace(TRIED, losses=losses), docstring="Every kind is b.")
    assert not found(seen, "values-changed")


def test_a_default_in_the_place_of_what_was_dropped_is_a_change(database: Target) -> None:
    seen = tried(database, DROP, BACK, trial=replace(TRIED, losses=(lost("note", "changed"),)))
    (finding,) = found(seen, "values-changed")
    assert (finding.direction, finding.line, finding.severity) == ("upgrade", 1, "error")


def test_a_renamed_label_is_told_by_the_rule_about_it(database: Target) -> None:
    parent = "CREATE TYPE state AS ENUM ('a'); CREATE TABLE jobs (s state)"
    seen = observe(database, parent, ["ALTER TYPE state RENAME VALUE 'a' TO 'b'"])
    seen = replace(seen, trial=replace(TRIED, losses=(lost("s", "changed", "upgrade"),)))
    assert not found(seen, "values-changed")


def test_rows_that_a_downgrade_leaves_are_a_warning(database: Target) -> None:
    trial = replace(TRIED, losses=(lost("", "rows added"), lost("", "rows added", "upgrade")))
    (finding,) = found(tried(database, trial=trial), "values-changed")
    assert (finding.direction, finding.severity) == ("downgrade", "warning")
    assert "Table jobs keeps 7 rows" in finding.sentence


def test_rows_that_an_upgrade_adds_are_right(database: Target) -> None:
    trial = replace(TRIED, losses=(lost("", "rows added", "upgrade"),))
    assert not found(tried(database, trial=trial), "values-changed")


# What breaks


def broken(operation: Operation, error: str = "column jobs.note does not exist") -> Broken:
    return Broken("app.models.Job", "jobs", operation, error, "42703")


def released(*what: Broken, error: str = "") -> Trial:
    return replace(TRIED, released=Released("release-6", "abc", broken=what, error=error))


def test_what_breaks_a_class_is_one_error(database: Target) -> None:
    trial = released(broken("select"), broken("insert"))
    (finding,) = found(tried(database, ["SELECT 1", *DROP], trial=trial), "breaks-released-code")
    assert (finding.direction, finding.line, finding.severity) == ("upgrade", 2, "error")
    assert finding.sentence == (
        "app.models.Job of release-6: select and insert fail after the upgrade: "
        "column jobs.note does not exist."
    )


def test_the_advice_is_to_split_and_names_class_and_column(database: Target) -> None:
    (finding,) = found(
        tried(database, DROP, trial=released(broken("select"))), "breaks-released-code"
    )
    assert "expand and contract" in finding.advice
    assert "app.models.Job still uses note" in finding.advice


def test_a_column_is_told_once_however_it_is_named(database: Target) -> None:
    other = 'column "note" of relation "jobs" does not exist'
    seen = tried(database, DROP, trial=released(broken("select"), broken("insert", other)))
    assert len(found(seen, "breaks-released-code")) == 1


def test_each_reason_is_told(database: Target) -> None:
    null = 'null value in column "weight" of relation "jobs" violates not-null constraint'
    seen = tried(database, DROP, trial=released(broken("select"), broken("insert", null)))
    assert len(found(seen, "breaks-released-code")) == 2


def test_released_code_that_cannot_run_breaks_nothing(database: Target) -> None:
    trial = released(broken("select"), error="it cannot be imported")
    assert not found(tried(database, DROP, trial=trial), "breaks-released-code")


def test_an_allowance_is_as_good_with_released_code_as_without(database: Target) -> None:
    with_code = tried(database, DROP, BACK, trial=released(broken("select")))
    assert found(with_code, "column-dropped")


# What stands still


def stalled(
    seconds: float, high: float, *, scaled: bool = False, probed: float | None = None
) -> Trial:
    measured = (10_000, 100_000) if scaled else (1_000_000,)
    predicted = Seconds(seconds, seconds / 2, high, 1_000_000, measured)
    stall = Stall("jobs", "writes", "upgrade", predicted, probed, 100_000, line=1)
    return replace(TRIED, stalls=(stall,), max_stall=0.5)


def test_a_longer_stall_is_an_error(database: Target) -> None:
    (finding,) = found(tried(database, trial=stalled(1.2, 1.4)), "stall-longer-than-limit")
    assert (finding.line, finding.severity, finding.relation) == (1, "error", "jobs")
    assert finding.sentence == (
        "Writes of jobs stand still for 1.2 s (measured at 1,000,000 rows, 600 ms to 1.4 s); "
        "no more than 500 ms was allowed."
    )


def test_a_scaled_stall_says_where_it_is_from(database: Target) -> None:
    trial = stalled(90, 200, scaled=True)
    (said,) = sentences(tried(database, trial=trial), "stall-longer-than-limit")
    assert "90 s (scaled from 10,000 and 100,000 to 1,000,000 rows, 45 s to 3 min)" in said


def test_a_stall_that_may_be_longer_is_a_warning(database: Target) -> None:
    (finding,) = found(tried(database, trial=stalled(0.4, 0.6)), "stall-longer-than-limit")
    assert finding.severity == "warning"
    assert "may stand still" in finding.sentence


def test_what_a_client_saw_counts(database: Target) -> None:
    trial = stalled(0.1, 0.2, probed=0.7)
    (finding,) = found(tried(database, trial=trial), "stall-longer-than-limit")
    assert "stand still for 700 ms (a client waited so long at 100,000 rows)" in finding.sentence


def test_shorter_stalls_and_those_without_a_limit_are_right(database: Target) -> None:
    seen = tried(database, trial=stalled(0.1, 0.4))
    assert not found(seen, "stall-longer-than-limit")
    unlimited = replace(stalled(9, 10), max_stall=None)
    assert not found(replace(seen, trial=unlimited), "stall-longer-than-limit")


def test_a_stall_of_the_way_down_is_one_step_less(database: Target) -> None:
    trial = stalled(1.2, 1.4)
    down = replace(trial, stalls=(replace(trial.stalls[0], direction="downgrade"),))
    (finding,) = [f for f in judge(tried(database, trial=down)) if "stall" in f.rule]
    assert finding.severity == "warning"
