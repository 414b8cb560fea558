"""JUnit's XML: a suite for each revision, a case for each passage and each finding."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from pgrevise.rehearsal.facts import Rehearsed
from pgrevise.report.rehearsal import render
from pgrevise.report.words import FailOn
from tests.pgrevise.report import samples


def suite(rehearsed: Rehearsed, fail_on: FailOn = "error") -> ET.Element:
    text = render(samples.of(rehearsed), "junit", fail_on=fail_on)
    found = ET.fromstring(text).find("testsuite")  # noqa: S314 - our own text
    assert found is not None
    return found


def outcomes(rehearsed: Rehearsed, fail_on: FailOn = "error") -> dict[str, str]:
    """What became of each case."""
    return {
        case.get("name", ""): next((c.tag for c in case if c.tag != "system-out"), "passed")
        for case in suite(rehearsed, fail_on)
    }


def test_each_passage_is_a_case() -> None:
    passed = {"upgrade": "passed", "downgrade": "passed", "second upgrade": "passed"}
    assert outcomes(samples.clean()) == passed


def test_a_finding_is_a_case_that_fails_and_an_allowed_one_is_skipped() -> None:
    cases = list(outcomes(samples.blocking_index()).items())
    assert cases[3:] == [
        ("index-blocks-writes (upgrade, line 13)", "failure"),
        ("index-blocks-writes (upgrade, line 19)", "skipped"),
    ]


@pytest.mark.parametrize(
    ("fail_on", "failures"), [("info", 3), ("warning", 3), ("error", 1), ("never", 0)]
)
def test_findings_fail_from_a_severity_on(fail_on: FailOn, failures: int) -> None:
    assert list(outcomes(samples.type_change(), fail_on).values()).count("failure") == failures


def test_an_upgrade_that_fails_is_a_failure_and_what_was_not_tried_is_skipped() -> None:
    cases = outcomes(samples.failing())
    told = [cases[name] for name in ("upgrade", "downgrade", "second upgrade")]
    assert told == ["failure", "skipped", "skipped"]


def test_the_counts_of_a_suite_agree_with_its_cases() -> None:
    found = suite(samples.blocking_index())
    counts = [found.get(name) for name in ("tests", "failures", "errors", "skipped")]
    assert counts == ["5", "1", "0", "1"]


def test_a_case_names_its_file() -> None:
    files = {case.get("file") for case in suite(samples.foreign_key())}
    assert files == {"migrations/versions/202505011030_tie_jobs_to_queues.py"}


def test_what_xml_cannot_hold_is_made_visible() -> None:
    one = samples.foreign_key()
    odd = replace(one.findings[0], sentence="a\x00b\x1b <&> \ud800 ]]>")
    failure = suite(replace(one, findings=(odd,))).find("testcase/failure")
    assert failure is not None
    assert failure.get("message") == r"a\x00b\x1b <&> \xd800 ]]>"


def test_findings_of_the_history_have_a_suite_of_their_own() -> None:
    root = ET.fromstring(render(samples.everything(), "junit"))  # noqa: S314 - our own text
    assert [found.get("name") for found in root][-1] == "history"
