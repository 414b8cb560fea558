"""A rehearsal as JUnit's XML, as GitLab and most other pipelines show it beside the tests.

A suite for each revision: a case for each passage, one for what became of rows, and one for each
thing that was found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal
from xml.etree import ElementTree as ET

from pgrevise.rehearsal.facts import (
    SEVERITIES,
    Finding,
    Passage,
    Rehearsal,
    Rehearsed,
    Revision,
)
from pgrevise.rehearsal.trial.facts import Trial
from pgrevise.report import trial_words
from pgrevise.report.words import BROKEN, PASSAGES, FailOn, fails_with_rows

#: What XML 1.0 cannot hold, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(rehearsal: Rehearsal, *, fail_on: FailOn = "error") -> str:
    """The report as XML; findings from ``fail_on`` on are failures, with "never" nothing is."""
    root = ET.Element("testsuites", name="pgrevise rehearsal")
    suites = [_suite(root, rehearsed, fail_on) for rehearsed in rehearsal.revisions]
    if rehearsal.findings:
        suite = ET.SubElement(root, "testsuite", name="history")
        _cases(suite, rehearsal.findings, "history", fail_on)
        suites.append(suite)
    for suite in suites:
        _count(suite)
    for name in ("tests", "failures", "errors", "skipped"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in suites)))
    root.set("time", f"{rehearsal.seconds:.6f}")
    ET.indent(root)
    return ET.tostring(root, "unicode", xml_declaration=True) + "\n"


def _suite(root: ET.Element, rehearsed: Rehearsed, fail_on: FailOn) -> ET.Element:
    observed = rehearsed.observed
    revision = observed.revision
    passages = (observed.upgrade, observed.downgrade, observed.second_upgrade)
    suite = ET.SubElement(
        root,
        "testsuite",
        name=_text(f"{revision.identifier} {revision.subject}"),
        file=_text(revision.file),
        time=f"{sum(passage.seconds for passage in passages):.6f}",
    )
    for passage in passages:
        _passage(suite, rehearsed, passage, fail_on)
    if observed.trial is not None:
        _trial(suite, rehearsed, observed.trial, fail_on)
    _cases(suite, rehearsed.findings, revision.identifier, fail_on)
    return suite


def _passage(suite: ET.Element, rehearsed: Rehearsed, passage: Passage, fail_on: FailOn) -> None:
    revision = rehearsed.observed.revision
    verdict = str(getattr(rehearsed.verdict, passage.direction))
    case = _case(suite, revision, PASSAGES[passage.direction], passage.seconds)
    if verdict == "not tried":
        ET.SubElement(case, "skipped", message=_text(passage.error or verdict))
    elif verdict in BROKEN and fail_on != "never":
        line = f"{revision.file}:{passage.error_line}" if passage.error_line else revision.file
        message = _text(f"{PASSAGES[passage.direction]} {verdict}")
        failure = ET.SubElement(case, "failure", message=message, type=verdict)
        failure.text = _text(f"{line}\n{passage.error}")
    differences: tuple[str, ...] = ()
    if passage.direction == "downgrade":
        differences = rehearsed.verdict.differences
    elif passage.direction == "second_upgrade":
        differences = tuple(c.sentence for c in rehearsed.observed.second_differences)
    said = "\n".join((f"{PASSAGES[passage.direction]} {verdict}", *differences))
    ET.SubElement(case, "system-out").text = _text(said)


def _trial(suite: ET.Element, rehearsed: Rehearsed, trial: Trial, fail_on: FailOn) -> None:
    """Cases for rows and for released code; what rules say of them is a case of its own."""
    revision = rehearsed.observed.revision
    lasted = trial.upgrade.seconds + trial.downgrade.seconds
    case = _case(suite, revision, "with rows", lasted)
    verdict = rehearsed.verdict.with_rows
    if verdict == "not tried":
        ET.SubElement(case, "skipped", message=_text(trial_words.summary(trial)))
    elif fails_with_rows(rehearsed) and fail_on != "never":
        message = f"with rows {verdict}"
        failure = ET.SubElement(case, "failure", message=message, type=verdict)
        failure.text = _text(f"{revision.file}\n{trial_words.summary(trial)}")
    ET.SubElement(case, "system-out").text = _text("\n".join(trial_words.told(trial)))
    if trial.released is None:
        return
    case = _case(suite, revision, "released code", 0.0)
    said = trial_words.released(trial.released)
    if trial.released.error:
        ET.SubElement(case, "skipped", message=_text(said))
    ET.SubElement(case, "system-out").text = _text(said)


def _case(suite: ET.Element, revision: Revision, name: str, seconds: float) -> ET.Element:
    return ET.SubElement(
        suite,
        "testcase",
        classname=_text(revision.identifier),
        name=name,
        file=_text(revision.file),
        time=f"{seconds:.6f}",
    )


def _cases(suite: ET.Element, findings: Iterable[Finding], classname: str, fail_on: FailOn) -> None:
    for finding in findings:
        at = f", line {finding.line}" if finding.line else ""
        case = ET.SubElement(
            suite,
            "testcase",
            classname=_text(classname),
            name=_text(f"{finding.rule} ({PASSAGES[finding.direction]}{at})"),
            file=_text(finding.file),
            time="0.000000",
        )
        if finding.line:
            case.set("line", str(finding.line))
        told = f"{finding.file}:{finding.line}\n{finding.sentence}\n{finding.advice}"
        if finding.allowed:
            ET.SubElement(case, "skipped", message=_text(f"allowed: {finding.allowed}"))
        elif _fails(finding, fail_on):
            failure = ET.SubElement(
                case, "failure", message=_text(finding.sentence), type=finding.severity
            )
            failure.text = _text(told)
        else:
            said = f"{finding.severity}: {told}"
            ET.SubElement(case, "system-out").text = _text(said)


def _fails(finding: Finding, fail_on: FailOn) -> bool:
    if fail_on == "never":
        return False
    return SEVERITIES.index(finding.severity) >= SEVERITIES.index(fail_on)


def _count(suite: ET.Element) -> None:
    """Say in the suite how many of its cases there are, and what became of them."""
    kinds: tuple[tuple[str, Literal["failure", "skipped"]], ...] = (
        ("failures", "failure"),
        ("skipped", "skipped"),
    )
    suite.set("tests", str(len(suite.findall("testcase"))))
    suite.set("errors", "0")
    for name, tag in kinds:
        suite.set(name, str(len(suite.findall(f"testcase/{tag}"))))


def _text(text: str) -> str:
    """``text`` as XML can hold it: other control characters are made visible."""
    return _FORBIDDEN.sub(lambda found: f"\\x{ord(found[0]):02x}", text)
