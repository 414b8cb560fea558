"""A trial with rows in words: every number says how it came about."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgrevise.rehearsal.facts import Passage
from pgrevise.rehearsal.trial.facts import FilledTable, Loss, Released, Stall
from pgrevise.report import trial_words
from tests.pgrevise.report import trials


def test_a_trial_that_went_well_is_one_sentence() -> None:
    told = "With 100 rows in queue_jobs and queues: up and down work, every value is back."
    assert trial_words.summary(trials.good()) == told


def test_a_trial_that_went_well_is_quiet() -> None:
    assert trial_words.is_quiet(trials.good())


@pytest.mark.parametrize(
    "made", [trials.failing, trials.losing, trials.unfillable, trials.timed, trials.breaking]
)
def test_a_trial_with_something_to_look_at_is_not_quiet(made: trials.Made) -> None:
    assert not trial_words.is_quiet(made())


def test_a_failure_is_told_with_its_line_and_the_servers_words() -> None:
    told = (
        f"With 100 rows in queue_jobs and queues: the upgrade fails at line 13: {trials.REFUSED}."
    )
    assert trial_words.summary(trials.failing()) == told


def test_a_downgrade_that_refuses_leaves_the_upgrade_told() -> None:
    refused = replace(trials.good(), downgrade=Passage("downgrade", "refused", "data is lost."))
    told = "the upgrade works; the downgrade refuses: data is lost."
    assert trial_words.summary(refused).endswith(told)


def test_tables_are_named_by_how_many_rows_they_have() -> None:
    tables = (FilledTable("a", 1), FilledTable("b", 1_000_000), FilledTable("c", 1))
    told = trial_words.filled(replace(trials.good(), tables=tables))
    assert told == "1 row in a and c, 1,000,000 rows in b"


def test_of_many_tables_some_are_named_and_the_rest_counted() -> None:
    tables = tuple(FilledTable(f"t{number}", 100) for number in range(9))
    told = trial_words.filled(replace(trials.good(), tables=tables))
    assert told == "100 rows in t0, t1, t2, t3, t4 and 4 more"


def test_what_a_touched_table_refers_to_is_told_apart() -> None:
    assert trial_words.filled(trials.unfillable()) == "100 rows in queue_jobs"
    assert trial_words.referred(trials.unfillable()) == "3 rows in queues"


def test_nothing_that_could_be_filled_is_said() -> None:
    empty = replace(trials.good(), tables=(FilledTable("jobs", 0, "no candidate"),))
    assert trial_words.summary(empty) == "No table that it touches could be filled with rows."


@pytest.mark.parametrize(
    ("loss", "told"),
    [
        (
            Loss("t", "a", "lost", "downgrade", 97, 100, "ada"),
            "t.a has lost its value in 97 of 100 rows after up and down, for example ada",
        ),
        (
            Loss("t", "a", "changed", "upgrade", 1, 1, None, ""),
            "t.a is another in 1 of 1 row after the upgrade, for example '' instead of NULL",
        ),
        (
            Loss("t", "", "rows lost", "downgrade", 3, 100, "(7)"),
            "t has lost 3 of 100 rows after up and down, for example (7)",
        ),
        (
            Loss("t", "", "rows added", "downgrade", 1, 100, None, "(8)"),
            "t has 1 row more than its 100 after up and down, for example (8)",
        ),
    ],
)
def test_a_loss_names_table_column_rows_and_an_example(loss: Loss, told: str) -> None:
    assert trial_words.loss(loss) == told


def test_a_time_that_was_measured_says_at_which_size() -> None:
    assert trial_words.origin(trials.MEASURED) == "measured at 1,000,000 rows"


def test_a_time_that_was_scaled_says_from_which_sizes_to_which() -> None:
    told = "scaled from 10,000 and 100,000 to 5,000,000 rows"
    assert trial_words.origin(trials.SCALED) == told


def test_a_time_has_its_range() -> None:
    assert trial_words.span(trials.SCALED) == "1 min 30 s to 3 min 0 s"


def test_a_probe_says_its_size_where_that_is_another() -> None:
    scaled, measured, _ = trial_words.standstills(trials.timed())
    assert scaled.probed == "0.45 s at 100,000 rows"
    assert measured.probed == "0.41 s"


def test_stalls_of_the_upgrade_come_first_and_of_these_the_longest() -> None:
    found = [still.origin for still in trial_words.standstills(trials.timed())]
    assert found == [
        "queue_jobs, scaled from 10,000 and 100,000 to 5,000,000 rows",
        "queue_jobs, measured at 1,000,000 rows",
        "queue_jobs in the downgrade, measured at 1,000,000 rows",
    ]


def test_reads_and_writes_that_stand_still_equally_long_are_told_together() -> None:
    reads = Stall("jobs", "reads", "upgrade", trials.MEASURED, 0.4, 1_000_000, 3)
    writes = replace(reads, traffic="writes", probed=0.5)
    (still,) = trial_words.standstills(replace(trials.good(), stalls=(writes, reads)))
    assert still.words == "reads and writes stand still for 0.43 s (0.40 s to 0.47 s)"
    assert still.probed == "0.40 s and 0.50 s"


def test_what_breaks_for_one_reason_is_told_once() -> None:
    code = trials.breaking().released
    assert code is not None
    (one,) = trial_words.breakages(code.broken)
    assert one.operations == ("select", "insert", "update")


def test_released_code_is_named_by_reference_and_commit() -> None:
    code = trials.working().released
    assert code is not None
    told = "v1.2 (3f2a1bc0): 12 operations of 3 classes work on the new schema"
    assert trial_words.released(code) == told


def test_a_reference_that_is_the_commit_is_told_once() -> None:
    told = trial_words.released(Released("3f2a1bc09d8e", "3f2a1bc09d8e7f6a", 1, 1))
    assert told == "3f2a1bc09d8e: 1 operation of 1 class works on the new schema"
