"""A trial with rows in the formats for machines and pull requests."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from pgrevise.rehearsal.trial.facts import Trial
from pgrevise.report.rehearsal import FORMATS, Format, render
from tests.pgrevise.conftest import ROOT
from tests.pgrevise.report import samples, trials

SCHEMA = json.loads((ROOT / "docs" / "rehearsal.schema.json").read_text())


def text(made: trials.Made, form: Format) -> str:
    return render(samples.of(trials.tried(made(), samples.blocking_index())), form)


def document(made: trials.Made) -> dict[str, Any]:
    revision: dict[str, Any] = json.loads(text(made, "json"))["revisions"][0]
    return revision


def cases(made: trials.Made) -> dict[str, str]:
    root = ET.fromstring(text(made, "junit"))  # noqa: S314 - our own text
    return {
        case.get("name", ""): next((c.tag for c in case if c.tag != "system-out"), "passed")
        for case in root.iter("testcase")
    }


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("made", [trials.losing, trials.timed, trials.unimportable])
def test_it_has_a_place_in_every_format(made: trials.Made, form: Format) -> None:
    assert text(made, form)


@pytest.mark.parametrize(
    "made", [trials.losing, trials.timed, trials.breaking, trials.unfillable, trials.unimportable]
)
def test_the_json_keeps_to_the_schema(made: trials.Made) -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(text(made, "json")))


def test_the_json_says_what_became_of_rows() -> None:
    assert document(trials.failing)["with_rows"] == "fails"
    assert document(trials.failing)["upgrade"] == "works"


def test_the_json_says_that_rows_were_not_tried() -> None:
    revision = json.loads(render(samples.everything(), "json"))["revisions"][0]
    assert (revision["with_rows"], revision["trial"]) == ("not tried", None)


def test_a_time_in_json_says_how_it_came_about() -> None:
    predicted = document(trials.timed)["trial"]["stalls"][0]["predicted"]
    assert predicted == {
        "seconds": 125.0,
        "low": 90.0,
        "high": 180.0,
        "rows": 5_000_000,
        "measured": [10_000, 100_000],
        "is_scaled": True,
    }


def test_markdown_has_a_verdict_with_rows_for_each_revision() -> None:
    assert "| works | restores | same | loses values |" in text(trials.losing, "markdown")


def test_markdown_has_no_such_column_where_rows_were_not_tried() -> None:
    assert "With rows" not in render(samples.everything(), "markdown")


def test_markdown_has_stalls_as_a_table() -> None:
    row = (
        "| `queue_jobs` | writes | 2 min 5 s | 1 min 30 s to 3 min 0 s | scaled from 10,000 and "
        "100,000 to 5,000,000 rows | 0.45 s at 100,000 rows | line 13 |"
    )
    assert row in text(trials.timed, "markdown").splitlines()


def test_markdown_names_what_is_lost() -> None:
    assert "- queues.owner has lost its value in 97 of 100 rows" in text(trials.losing, "markdown")


def test_markdown_names_what_breaks() -> None:
    row = "| `app.models.Job` | `queue_jobs` | select, insert and update | column queue\\_jobs.reg"
    assert row in text(trials.breaking, "markdown")


def test_a_table_in_markdown_is_not_broken_by_a_name() -> None:
    hostile = replace(trials.timed(), stalls=trials.renamed("a|b\n`c`").stalls)
    lines = text(lambda: hostile, "markdown").splitlines()
    (row,) = (line for line in lines if "a\\|b" in line and "stand" not in line)
    assert row.replace("\\|", "").count("|") == 8


def test_in_junit_rows_and_released_code_are_cases() -> None:
    found = cases(trials.working)
    assert (found["with rows"], found["released code"]) == ("passed", "passed")


def test_in_junit_a_failure_with_rows_is_one() -> None:
    assert cases(trials.failing)["with rows"] == "failure"


def test_in_junit_a_failure_with_rows_that_is_allowed_is_none() -> None:
    one = trials.tried(trials.failing(), samples.blocking_index())
    allowed = replace(one, findings=one.findings[1:])
    root = ET.fromstring(render(samples.of(allowed), "junit"))  # noqa: S314 - our own text
    assert root.get("failures") == "0"


def test_in_junit_released_code_that_cannot_be_tried_is_skipped() -> None:
    assert cases(trials.unimportable)["released code"] == "skipped"


def test_in_junit_nothing_is_said_where_rows_were_not_tried() -> None:
    assert "with rows" not in render(samples.everything(), "junit")


def test_a_timeline_says_in_a_tables_lane_what_stands_still() -> None:
    told = "writes stand still for 2 min 5 s (1 min 30 s to 3 min 0 s), scaled from 10,000 and"
    assert told in text(trials.timed, "svg")


def test_a_timeline_has_a_lane_for_a_table_that_was_locked_with_rows_only() -> None:
    elsewhere = replace(trials.timed(), stalls=trials.renamed("kinds").stalls)
    assert ">kinds</text>" in text(lambda: elsewhere, "svg")


def test_sarif_stays_what_the_rules_found() -> None:
    results = json.loads(text(trials.losing, "sarif"))["runs"][0]["results"]
    assert {result["ruleId"] for result in results} == {"index-blocks-writes"}


def test_the_trial_of_an_empty_report_breaks_nothing() -> None:
    empty = Trial((), trials.UP, trials.DOWN)
    for form in FORMATS:
        assert render(samples.of(trials.tried(empty)), form)
