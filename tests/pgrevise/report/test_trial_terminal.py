"""A trial with rows on a terminal: one line when all is well, what to look at when not."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from pgrevise.report.rehearsal import render
from tests.pgrevise.report import samples, trials

EVERY = (
    trials.good,
    trials.failing,
    trials.losing,
    trials.unfillable,
    trials.timed,
    trials.breaking,
    trials.working,
    trials.unimportable,
)


def shown(made: trials.Made, width: int = 100) -> list[str]:
    """The lines from the verdict with rows on."""
    one = trials.tried(made(), samples.blocking_index())
    lines = render(samples.of(one), "terminal", width=width).splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("  with rows"))
    return [" ".join(line.split()) for line in lines[at:-2]]


def test_nothing_is_shown_where_rows_were_not_tried() -> None:
    assert "with rows" not in render(samples.everything(), "terminal")


def test_a_trial_that_went_well_is_one_line() -> None:
    assert shown(trials.good) == ["with rows keeps every value 100 rows in queue_jobs and queues"]


def test_a_failure_stands_with_the_line_that_fails() -> None:
    told = shown(trials.failing)
    assert told[0].startswith("with rows fails")
    assert told[1] == f"fails the upgrade at line 13: {trials.REFUSED}"


def test_what_is_lost_is_named_column_by_column() -> None:
    told = shown(trials.losing, width=140)
    assert told[1].startswith("lost queues.owner has lost its value in 97 of 100 rows")
    assert told[2].startswith("changed queue_jobs.price is another in 12 of 100 rows")
    assert told[3].startswith("lost queue_jobs has lost 3 of 100 rows")


def test_a_table_without_rows_says_why() -> None:
    assert "no rows in audit_log: its trigger refuses: read only" in shown(trials.unfillable)


def test_a_stall_stands_beneath_how_its_number_came_about() -> None:
    told = shown(trials.timed, width=140)
    at = told.index("stall queue_jobs, scaled from 10,000 and 100,000 to 5,000,000 rows")
    assert told[at + 1] == (
        "writes stand still for 2 min 5 s (1 min 30 s to 3 min 0 s); "
        "the probe saw 0.45 s at 100,000 rows; line 13"
    )


def test_a_stall_of_the_downgrade_says_so() -> None:
    assert "stall queue_jobs in the downgrade, measured at 1,000,000 rows" in shown(trials.timed)


def test_statements_that_take_no_time_are_not_told() -> None:
    assert [line for line in shown(trials.timed) if line.startswith("time")] == [
        "time line 13 takes 0.43 s (0.40 s to 0.47 s), measured at 1,000,000 rows"
    ]


def test_what_breaks_of_released_code_is_named_by_class_and_operation() -> None:
    told = " ".join(shown(trials.breaking))
    assert "12 operations of 3 classes tried, 3 of them broken on the new schema" in told
    assert "✗ app.models.Job: select, insert and update: column queue_jobs.region does not" in told
    assert "· not tried: app.models.Audit: there are no rows in audit_log" in told


def test_released_code_that_works_is_one_line() -> None:
    told = shown(trials.working)
    assert told[1:] == [
        "released v1.2 (3f2a1bc0): 12 operations of 3 classes work on the new schema"
    ]


def test_released_code_that_cannot_be_tried_says_what_to_do() -> None:
    told = shown(trials.unimportable)
    assert told[1].endswith("could not be tried: No module named 'flask'")
    assert told[2] == "→ Name its own interpreter: --released-python PATH."


def test_a_clean_revision_in_a_list_stays_one_line() -> None:
    report = samples.of(*[trials.tried(trials.good())] * 2)
    assert "  with rows  " not in render(report, "terminal")


def test_a_clean_revision_in_a_list_shows_what_was_measured() -> None:
    report = samples.of(*[trials.tried(trials.timed())] * 2)
    assert render(report, "terminal").count("stand still for 2 min 5 s") == 2


def test_a_revision_that_fails_with_rows_is_no_clean_one() -> None:
    text = render(samples.of(trials.tried(trials.failing())), "terminal")
    assert "✗ 202505010900" in text
    assert "1 revision: 0 clean, 1 failing with rows" in text


@pytest.mark.parametrize("width", [60, 100, 140])
@pytest.mark.parametrize("made", EVERY)
def test_no_line_is_wider_than_asked(made: trials.Made, width: int) -> None:
    text = render(samples.of(trials.tried(made())), "terminal", width=width)
    assert [line for line in text.splitlines() if cell_len(line) > width] == []


def test_what_the_project_names_cannot_write_on_the_terminal() -> None:
    trial = trials.renamed("\x1b[31mred")
    assert "\x1b" not in render(samples.of(trials.tried(trial)), "terminal")


def test_it_is_said_how_many_revisions_were_tried_with_rows() -> None:
    report = samples.of(samples.clean(), trials.tried(trials.good()), trials.tried(trials.good()))
    closing = render(report, "terminal").splitlines()[-1]
    assert closing == "3 revisions: 3 clean, 2 tried with rows; nothing found."
