"""A rehearsal as JSON for programs, in the format that docs/rehearsal.schema.json publishes.

Names here are for good: a change that a reader could notice is another ``format``.
"""

from __future__ import annotations

import json
from typing import Any

from pgrevise.rehearsal.facts import (
    Finding,
    Rehearsal,
    Rehearsed,
)
from pgrevise.report.json_parts import passage, seconds, trial
from pgrevise.report.summary import counts

FORMAT = 1


def render(rehearsal: Rehearsal) -> str:
    """The report as one JSON document."""
    return json.dumps(document(rehearsal), indent=2, ensure_ascii=False) + "\n"


def document(rehearsal: Rehearsal) -> dict[str, Any]:
    """The report as `json` can write it."""
    return {
        "format": FORMAT,
        "selection": rehearsal.selection,
        "server": rehearsal.server,
        "seconds": seconds(rehearsal.seconds),
        "notes": list(rehearsal.notes),
        "revisions": [_revision(rehearsed) for rehearsed in rehearsal.revisions],
        "findings": [_finding(finding) for finding in rehearsal.findings],
        "summary": counts(rehearsal.all_findings()),
    }


def _revision(rehearsed: Rehearsed) -> dict[str, Any]:
    observed, verdict = rehearsed.observed, rehearsed.verdict
    second = [change.sentence for change in observed.second_differences]
    return {
        "revision": observed.revision.identifier,
        "subject": observed.revision.subject,
        "file": observed.revision.file,
        "parents": list(observed.revision.parents),
        "upgrade": verdict.upgrade,
        "downgrade": verdict.downgrade,
        "second_upgrade": verdict.second_upgrade,
        "words": verdict.words,
        "changes": [change.sentence for change in observed.changes],
        "differences": list(verdict.differences),
        "second_differences": second,
        "findings": [_finding(finding) for finding in rehearsed.findings],
        "passages": {
            "upgrade": passage(observed.upgrade),
            "downgrade": passage(observed.downgrade),
            "second_upgrade": passage(observed.second_upgrade),
        },
        "with_rows": verdict.with_rows,
        "trial": None if observed.trial is None else trial(observed.trial),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "revision": finding.revision,
        "direction": finding.direction,
        "file": finding.file,
        "line": finding.line,
        "sentence": finding.sentence,
        "advice": finding.advice,
        "relation": finding.relation,
        "allowed": finding.allowed,
    }
