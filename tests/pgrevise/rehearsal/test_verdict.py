"""What became of a revision: told apart on real schemas."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgrevise.postgres.target import Target
from pgrevise.rehearsal.facts import Observed, Outcome, Passage, Relation, Written
from pgrevise.rehearsal.verdict import verdict_of
from tests.pgrevise.rehearsal.sql_revisions import observe, passage

QUEUES = "CREATE TABLE queues (id bigint PRIMARY KEY, name text); CREATE TYPE state AS ENUM ('a')"
ADD, DROP = "ALTER TABLE queues ADD weight int", "ALTER TABLE queues DROP weight"


def downgraded(seen: Observed, outcome: Outcome, error: str = "") -> Observed:
    """As if the downgrade had ended so, and the second upgrade not been tried."""
    return replace(
        seen,
        downgrade=passage("downgrade", outcome, error),
        second_upgrade=passage("second_upgrade", "skipped"),
    )


def test_up_and_down_and_up_gives_the_same(database: Target) -> None:
    verdict = verdict_of(observe(database, QUEUES, [ADD], [DROP]))
    assert (verdict.upgrade, verdict.downgrade, verdict.second_upgrade) == (
        "works",
        "restores",
        "same",
    )
    assert verdict.words == (
        "The upgrade works, the downgrade restores the schema, and a second upgrade gives the same."
    )


def test_an_upgrade_that_fails_leaves_nothing_to_try(database: Target) -> None:
    verdict = verdict_of(observe(database, QUEUES, ["ALTER TABLE nowhere ADD x int"]))
    assert (verdict.upgrade, verdict.downgrade) == ("fails", "not tried")
    assert verdict.words.startswith('The upgrade fails: relation "nowhere" does not exist')


def test_an_upgrade_that_hangs_says_on_what(database: Target) -> None:
    seen = observe(database, QUEUES, [ADD], [DROP])
    hung = replace(seen, upgrade=passage("upgrade", "hung", "waits for a lock on queues"))
    assert verdict_of(hung).words == "The upgrade hangs: waits for a lock on queues."


def test_an_upgrade_that_was_not_tried_is_no_failure(database: Target) -> None:
    seen = observe(database, QUEUES, [ADD], [DROP])
    skipped = replace(seen, upgrade=passage("upgrade", "skipped", "1 could not be applied"))
    verdict = verdict_of(skipped)
    assert (verdict.upgrade, verdict.downgrade) == ("not tried", "not tried")
    assert verdict.words == "The upgrade was not tried: 1 could not be applied."


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        ("refused", "raises on purpose"),
        ("failed", "fails"),
        ("hung", "hangs"),
        ("skipped", "not tried"),
    ],
)
def test_a_downgrade_that_does_not_end_well(database: Target, outcome: Outcome, said: str) -> None:
    seen = downgraded(observe(database, QUEUES, [ADD], [DROP]), outcome, "the rows are gone")
    verdict = verdict_of(seen)
    assert (verdict.downgrade, verdict.second_upgrade) == (said, "not tried")
    assert verdict.words.endswith(": the rows are gone.")


def test_a_downgrade_that_leaves_something_says_what(database: Target) -> None:
    up = [ADD, "CREATE INDEX ON queues (name)"]
    verdict = verdict_of(observe(database, QUEUES, up, ["DROP INDEX queues_name_idx"]))
    assert verdict.downgrade == "leaves a different schema"
    assert verdict.differences == ("column queues.weight is new",)
    assert verdict.second_upgrade == "fails"


def test_a_downgrade_without_a_statement_is_empty(database: Target) -> None:
    assert verdict_of(observe(database, QUEUES, [ADD])).downgrade == "is empty"


def test_a_downgrade_of_rows_without_a_statement_is_empty(database: Target) -> None:
    seen = observe(database, QUEUES, ["INSERT INTO queues VALUES (1) ON CONFLICT DO NOTHING"])
    statement = replace(
        seen.upgrade.statements[0], written=(Written(Relation("queues"), inserted=1),)
    )
    seen = replace(seen, upgrade=replace(seen.upgrade, statements=(statement,)))
    assert verdict_of(seen).downgrade == "is empty"


def test_statements_of_alembic_itself_do_not_fill_a_downgrade(database: Target) -> None:
    seen = observe(database, QUEUES, [ADD], ["SELECT 1"])
    foreign = tuple(replace(s, is_foreign=True) for s in seen.downgrade.statements)
    seen = replace(seen, downgrade=replace(seen.downgrade, statements=foreign))
    assert verdict_of(seen).downgrade == "is empty"


def test_what_happens_in_unseen_sessions_is_not_called_empty(database: Target) -> None:
    seen = observe(database, QUEUES, [ADD])
    seen = replace(seen, downgrade=Passage("downgrade", unseen_sessions=1))
    assert verdict_of(seen).downgrade == "leaves a different schema"


def test_a_revision_that_does_nothing_is_restored(database: Target) -> None:
    assert verdict_of(observe(database, QUEUES, [])).downgrade == "restores"


def test_columns_in_another_order_are_told_apart(database: Target) -> None:
    drop, add = "ALTER TABLE queues DROP id", "ALTER TABLE queues ADD id bigint PRIMARY KEY"
    verdict = verdict_of(observe(database, QUEUES, [drop], [add]))
    assert verdict.downgrade == "differs in column order only"


def test_labels_that_stay_cannot_be_undone(database: Target) -> None:
    seen = observe(database, QUEUES, ["ALTER TYPE state ADD VALUE IF NOT EXISTS 'b'"])
    verdict = verdict_of(seen)
    assert (verdict.downgrade, verdict.second_upgrade) == (
        "leaves what PostgreSQL cannot undo",
        "same",
    )
    assert verdict.differences == ("enum state: labels gained b",)


def test_labels_that_stay_do_not_excuse_the_rest(database: Target) -> None:
    seen = observe(database, QUEUES, ["ALTER TYPE state ADD VALUE 'b'", ADD], ["SELECT 1"])
    assert verdict_of(seen).downgrade == "leaves a different schema"


def test_a_renamed_label_can_be_undone(database: Target) -> None:
    rename = "ALTER TYPE state RENAME VALUE 'a' TO 'b'"
    seen = observe(database, QUEUES, [rename], ["SELECT 1"])
    assert verdict_of(seen).downgrade == "leaves a different schema"


def test_an_extension_that_may_be_another_s_can_stay(database: Target) -> None:
    seen = observe(database, QUEUES, ["CREATE EXTENSION IF NOT EXISTS citext"], ["SELECT 1"])
    assert verdict_of(seen).downgrade == "leaves what PostgreSQL cannot undo"


def test_an_extension_that_is_its_own_has_to_go(database: Target) -> None:
    seen = observe(database, QUEUES, ["CREATE EXTENSION citext"], ["SELECT 1"])
    assert verdict_of(seen).downgrade == "leaves a different schema"


def test_a_second_upgrade_that_fails_is_told(database: Target) -> None:
    up = [ADD, "INSERT INTO queues VALUES (1)"]
    verdict = verdict_of(observe(database, QUEUES, up, [DROP]))
    assert (verdict.downgrade, verdict.second_upgrade) == ("restores", "fails")
    assert "but a second upgrade fails: duplicate key" in verdict.words


def test_a_second_upgrade_that_gives_something_else_is_told(database: Target) -> None:
    up = ["INSERT INTO queues SELECT count(*) FROM queues", _CREATE_BY_ROWS]
    down = [_DROP_BY_ROWS]
    verdict = verdict_of(observe(database, QUEUES, up, down))
    assert (verdict.downgrade, verdict.second_upgrade) == ("restores", "differs")


_CREATE_BY_ROWS = """DO $$ BEGIN
EXECUTE format('CREATE TABLE queue_%s ()', (SELECT count(*) FROM queues)); END $$"""
_DROP_BY_ROWS = "DROP TABLE queue_1"
