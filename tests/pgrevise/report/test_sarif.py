"""Findings as SARIF 2.1.0, and fingerprints that outlive moving lines."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from pgrevise.rehearsal.facts import Rehearsed
from pgrevise.report.line_hashes import line_hashes
from pgrevise.report.rehearsal import render
from tests.pgrevise.report import samples


def run(*revisions: Rehearsed) -> dict[str, Any]:
    log = json.loads(render(samples.of(*revisions), "sarif"))
    assert log["version"] == "2.1.0"
    (only,) = log["runs"]
    return dict(only)


def test_a_result_names_a_rule_of_the_driver() -> None:
    told = run(samples.blocking_index(), samples.failing())
    rules = told["tool"]["driver"]["rules"]
    assert told["results"]
    assert all(rules[r["ruleIndex"]]["id"] == r["ruleId"] for r in told["results"])


def test_every_rule_has_what_github_requires() -> None:
    for rule in run(samples.blocking_index())["tool"]["driver"]["rules"]:
        assert rule["shortDescription"]["text"]
        assert rule["help"]["text"]


@pytest.mark.parametrize(
    ("sample", "level"),
    [
        (samples.foreign_key(), "error"),
        (samples.concurrently(), "note"),
    ],
)
def test_the_level_is_the_severity(sample: Rehearsed, level: str) -> None:
    assert run(sample)["results"][0]["level"] == level


def test_a_result_is_at_its_line_of_a_relative_file() -> None:
    place = run(samples.foreign_key())["results"][0]["locations"][0]["physicalLocation"]
    uri = "migrations/versions/202505011030_tie_jobs_to_queues.py"
    assert place["artifactLocation"]["uri"] == uri
    assert place["region"] == {"startLine": 12}


def test_a_finding_about_a_file_is_at_its_first_line() -> None:
    place = run(samples.leaving_differences())["results"][0]["locations"][0]["physicalLocation"]
    assert place["region"] == {"startLine": 1}


def test_what_is_allowed_is_suppressed_with_its_reason() -> None:
    kept = [r.get("suppressions", []) for r in run(samples.blocking_index())["results"]]
    assert kept == [[], [{"kind": "inSource", "justification": "queues has forty rows"}]]


def test_fingerprints_stay_when_lines_move() -> None:
    before = samples.blocking_index()
    revision = before.observed.revision
    moved = replace(
        before,
        observed=replace(
            before.observed, revision=replace(revision, source=f"\n\n{revision.source}")
        ),
        findings=tuple(replace(f, line=f.line + 2) for f in before.findings),
    )
    prints = [[r["partialFingerprints"] for r in run(one)["results"]] for one in (before, moved)]
    assert prints[0] == prints[1]
    assert all("primaryLocationLineHash" in one for one in prints[0])


def test_two_equal_findings_have_two_fingerprints() -> None:
    one = samples.foreign_key()
    twice = replace(one, findings=one.findings * 2)
    prints = [r["partialFingerprints"]["pgrevise/v1"] for r in run(twice)["results"]]
    assert len(set(prints)) == 2


@pytest.mark.parametrize(
    ("text", "hashes"),
    [
        ("", ["c129715d7a2bc9a3:1"]),
        (
            " a\nb\n  \t\tc\n d",
            ["271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"],
        ),
        (
            " hello; \t\nworld!!!\r\n\n\r  \t\tGreetings\r End\r\n",
            [
                "e9496ae3ebfced30:1",
                "fb7c023a8b9ccb3f:1",
                "ce8ba1a563dcdaca:1",
                "e20e36e16fcb0cc8:1",
                "b3edc88f2938467e:1",
                "c8e28b0b4002a3a0:1",
                "c129715d7a2bc9a3:1",
            ],
        ),
    ],
)
def test_a_line_has_the_hash_that_github_computes(text: str, hashes: list[str]) -> None:
    assert line_hashes(text) == dict(enumerate(hashes, 1))
