"""Findings about how the passages ended."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgrevise.postgres.target import Target
from pgrevise.rehearsal.facts import Observed
from pgrevise.rehearsal.rules.hints import hint
from tests.pgrevise.rehearsal.sql_revisions import found, observe, passage, sentences

QUEUES = "CREATE TABLE queues (id bigint PRIMARY KEY, name text); CREATE TYPE state AS ENUM ('a')"
ADD, DROP = "ALTER TABLE queues ADD weight int", "ALTER TABLE queues DROP weight"
SOURCE = '"""Change."""\n\n\ndef upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n'


def refused(database: Target, docstring: str, source: str = SOURCE) -> Observed:
    seen = observe(database, QUEUES, [ADD], [DROP], docstring=docstring, source=source)
    refusal = passage("downgrade", "refused", "NotImplementedError")
    return replace(seen, downgrade=refusal, second_upgrade=passage("second_upgrade", "skipped"))


OUTCOME = [
    "upgrade-fails",
    "upgrade-hangs",
    "second-upgrade-fails",
    "second-upgrade-differs",
    "downgrade-does-not-restore",
    "downgrade-is-empty",
    "downgrade-fails",
    "downgrade-hangs",
    "downgrade-refused",
    "downgrade-changes-column-order",
    "downgrade-leaves-label",
]


def rules_of(seen: Observed) -> list[str]:
    return [rule for rule in OUTCOME if found(seen, rule)]


def test_a_revision_that_can_be_undone_is_fine(database: Target) -> None:
    assert rules_of(observe(database, QUEUES, [ADD], [DROP])) == []


def test_a_failing_upgrade_gives_the_server_s_words(database: Target) -> None:
    (finding,) = found(observe(database, QUEUES, [ADD, "SELECT 1", ADD]), "upgrade-fails")
    assert (finding.line, finding.severity) == (3, "error")
    assert 'column "weight" of relation "queues" already exists' in finding.sentence


@pytest.mark.parametrize(
    ("statement", "hint"),
    [
        ("CREATE TYPE state AS ENUM ()", "create_type=False"),
        ("ALTER TABLE queues ADD s mood", "Create the type first"),
        ("ALTER TABLE queues ALTER name TYPE int", "postgresql_using"),
        ("CREATE EXTENSION nowhere_to_be_found", "no such extension"),
        ("ALTER TABLE nowhere ADD x int", "search_path"),
        ("DO $$ BEGIN PERFORM 1/0; END $$", "Mend the statement"),
    ],
)
def test_well_known_failures_come_with_a_hint(database: Target, statement: str, hint: str) -> None:
    (finding,) = found(observe(database, QUEUES, [statement]), "upgrade-fails")
    assert hint in finding.advice


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        ("KeyError: 'SHOP_KEY' is not there", "--set NAME=value"),
        ("URLError: <urlopen error timed out>", "needs the network"),
        ("its process ended by itself: exit status 7", "Raise an exception instead"),
        ("EOFError: EOF when reading a line", "Nobody is there to answer"),
        ("the code was about to connect to shop on db.example.com", "op.get_bind()"),
        ("RecursionError: maximum recursion depth exceeded", "It is Python that fails"),
        ("division by zero", ""),
    ],
)
def test_what_fails_in_python_is_not_blamed_on_a_statement(error: str, advice: str) -> None:
    assert advice in hint(error)
    assert bool(advice) == bool(hint(error))


def test_a_hanging_upgrade_says_on_what(database: Target) -> None:
    seen = observe(database, QUEUES, [ADD], [DROP], source=SOURCE)
    seen = replace(seen, upgrade=passage("upgrade", "hung", "it waits for a lock on queues"))
    (finding,) = found(seen, "upgrade-hangs")
    assert finding.sentence == "upgrade() hangs: it waits for a lock on queues."
    assert finding.line == 4


def test_what_a_downgrade_leaves_is_listed_at_it(database: Target) -> None:
    seen = observe(database, QUEUES, [ADD], ["SELECT 1"], source=SOURCE)
    assert rules_of(seen) == ["downgrade-does-not-restore"]
    (finding,) = found(seen, "downgrade-does-not-restore")
    assert (finding.line, finding.severity, finding.direction) == (8, "error", "downgrade")
    assert finding.sentence == "downgrade() leaves another schema: column queues.weight is new."


def test_a_dozen_differences_are_listed(database: Target) -> None:
    tables = "; ".join(f"CREATE TABLE t{n} ()" for n in range(15))
    (said,) = sentences(
        observe(database, QUEUES, [tables], ["SELECT 1"]), "downgrade-does-not-restore"
    )
    assert said.count("is new") == 12
    assert said.endswith("; and 3 more.")


def test_an_empty_downgrade_of_a_schema_is_an_error(database: Target) -> None:
    seen = observe(database, QUEUES, [ADD])
    assert rules_of(seen) == ["downgrade-is-empty"]
    assert found(seen, "downgrade-is-empty")[0].severity == "error"


def test_a_failing_downgrade_gives_the_server_s_words(database: Target) -> None:
    seen = observe(database, QUEUES, [ADD], ["ALTER TABLE queues DROP wieght"])
    (finding,) = found(seen, "downgrade-fails")
    assert (finding.line, finding.severity) == (1, "error")
    assert 'column "wieght" of relation "queues" does not exist' in finding.sentence


@pytest.mark.parametrize(
    "docstring",
    [
        "Drop the log.\n\nThis cannot be undone: the rows are gone.",
        "Drop the log. Irreversible, downgrade raises.",
        "Drop the log.\n\nDowngrade: refuses, because two labels became one.",
    ],
)
def test_a_refusal_that_the_docstring_announces_is_worth_knowing(
    database: Target, docstring: str
) -> None:
    assert found(refused(database, docstring), "downgrade-refused")[0].severity == "info"


@pytest.mark.parametrize(
    "docstring", ["Drop the log.", "Drop the log.\n\nDowngrade loses: every row.", ""]
)
def test_a_refusal_that_nobody_announced_is_a_warning(database: Target, docstring: str) -> None:
    assert found(refused(database, docstring), "downgrade-refused")[0].severity == "warning"


def test_a_refusal_can_be_announced_in_the_downgrade_s_own_docstring(database: Target) -> None:
    source = 'def downgrade():\n    """There is no way back."""\n'
    assert found(refused(database, "", source), "downgrade-refused")[0].severity == "info"


def test_columns_in_another_order_are_worth_knowing(database: Target) -> None:
    drop, add = "ALTER TABLE queues DROP id", "ALTER TABLE queues ADD id bigint PRIMARY KEY"
    seen = observe(database, QUEUES, [drop], [add])
    assert rules_of(seen) == ["downgrade-changes-column-order"]


def test_labels_that_stay_are_worth_knowing(database: Target) -> None:
    seen = observe(database, QUEUES, ["ALTER TYPE state ADD VALUE IF NOT EXISTS 'b'"])
    assert rules_of(seen) == ["downgrade-leaves-label"]
    assert sentences(seen, "downgrade-leaves-label") == [
        "downgrade() leaves: enum state: labels gained b."
    ]


def test_a_second_upgrade_that_fails_though_the_schema_was_restored(database: Target) -> None:
    seen = observe(database, QUEUES, [ADD, "INSERT INTO queues VALUES (1)"], [DROP])
    assert rules_of(seen) == ["second-upgrade-fails"]


def test_a_second_upgrade_that_fails_because_of_the_downgrade_is_no_news(database: Target) -> None:
    seen = observe(database, QUEUES, [ADD], ["SELECT 1"])
    assert seen.second_upgrade.outcome == "failed"
    assert rules_of(seen) == ["downgrade-does-not-restore"]


def test_a_second_upgrade_that_gives_another_schema(database: Target) -> None:
    create = """DO $$ BEGIN
    EXECUTE format('CREATE TABLE queue_%s ()', (SELECT count(*) FROM queues)); END $$"""
    up = ["INSERT INTO queues SELECT count(*) FROM queues", create]
    seen = observe(database, QUEUES, up, ["DROP TABLE queue_1"])
    assert rules_of(seen) == ["second-upgrade-differs"]
    (said,) = sentences(seen, "second-upgrade-differs")
    assert "table queue_2 is new" in said


def test_a_revision_that_could_not_be_tried_is_not_passed_over(database: Target) -> None:
    seen = observe(database, QUEUES, [ADD], [DROP])
    seen = replace(seen, upgrade=passage("upgrade", "skipped", "1 could not be applied"))
    assert sentences(seen, "upgrade-fails") == ["upgrade() was not tried: 1 could not be applied."]
