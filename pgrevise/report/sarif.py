"""Findings as SARIF 2.1.0, for GitHub code scanning and whatever else reads it.

Only findings are told: what was observed is in the other formats.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from pgrevise import __version__
from pgrevise.rehearsal.facts import Finding, Rehearsal, Severity
from pgrevise.rehearsal.rules.registry import Rule, rules
from pgrevise.report.line_hashes import line_hashes
from pgrevise.report.words import worst_first

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
#: GitHub shows the first of so many results of one run.
MOST_RESULTS = 5000

_LEVELS: dict[Severity, str] = {"error": "error", "warning": "warning", "info": "note"}


def render(rehearsal: Rehearsal) -> str:
    """The findings as one SARIF log."""
    return json.dumps(document(rehearsal), indent=2, ensure_ascii=False) + "\n"


def document(rehearsal: Rehearsal) -> dict[str, Any]:
    """The log as `json` can write it."""
    findings = rehearsal.all_findings()
    known = rules()
    names = [*known, *sorted({finding.rule for finding in findings} - set(known))]
    index = {name: place for place, name in enumerate(names)}
    severities = {finding.rule: finding.severity for finding in findings}
    hashes = {
        rehearsed.observed.revision.file: line_hashes(rehearsed.observed.revision.source)
        for rehearsed in rehearsal.revisions
        if rehearsed.findings
    }
    run = {
        "tool": {
            "driver": {
                "name": "pgrevise",
                "semanticVersion": __version__,
                "rules": [_rule(name, known.get(name), severities) for name in names],
            }
        },
        "automationDetails": {"id": "pgrevise/rehearsal/"},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The root of the project."}}},
        "invocations": [{"executionSuccessful": True, "properties": _properties(rehearsal)}],
        "results": list(_results(findings, index, hashes)),
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _properties(rehearsal: Rehearsal) -> dict[str, Any]:
    return {"selection": rehearsal.selection, "server": rehearsal.server}


def _rule(name: str, rule: Rule | None, severities: dict[str, Severity]) -> dict[str, Any]:
    """A rule with its explanation; of one that is not registered only the name is known."""
    if rule is None:
        level = _LEVELS[severities.get(name, "warning")]
        text = f"The rule {name}."
        told = {"shortDescription": {"text": text}, "help": {"text": text}}
        return {"id": name, "name": name, "defaultConfiguration": {"level": level}, **told}
    manual = f"\n\nPostgreSQL manual: {rule.manual}" if rule.manual else ""
    plain = f"{rule.means}\n\n{rule.hurts}\n\nInstead: {rule.instead}{manual}"
    marked = f"**{rule.means}**\n\n{rule.hurts}\n\n**Instead**\n\n{rule.instead}{manual}"
    return {
        "id": name,
        "name": "".join(word.capitalize() for word in name.split("-")),
        "shortDescription": {"text": rule.means},
        "fullDescription": {"text": rule.hurts or rule.means},
        "help": {"text": plain, "markdown": marked},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": ["postgresql", "migrations"], "precision": "very-high"},
    }


def _results(
    findings: Iterable[Finding], index: dict[str, int], hashes: dict[str, dict[int, str]]
) -> Iterable[dict[str, Any]]:
    seen: Counter[str] = Counter()
    for finding in worst_first(findings)[:MOST_RESULTS]:
        identity = _identity(finding)
        seen[identity] += 1
        prints = {"pgrevise/v1": f"{identity}:{seen[identity]}"}
        line_hash = hashes.get(finding.file, {}).get(max(1, finding.line))
        if line_hash:
            prints["primaryLocationLineHash"] = line_hash
        result: dict[str, Any] = {
            "ruleId": finding.rule,
            "ruleIndex": index[finding.rule],
            "level": _LEVELS[finding.severity],
            "message": {"text": _message(finding)},
            "locations": [_location(finding)],
            "partialFingerprints": prints,
            "properties": {"revision": finding.revision, "direction": finding.direction},
        }
        if finding.allowed:
            reason = {"kind": "inSource", "justification": finding.allowed}
            result["suppressions"] = [reason]
        yield result


def _message(finding: Finding) -> str:
    passage = "" if finding.direction == "upgrade" else f" (in {finding.direction}())"
    advice = f"\n{finding.advice}" if finding.advice else ""
    return f"{finding.sentence}{passage}{advice}"


def _location(finding: Finding) -> dict[str, Any]:
    """Where it is; a finding about a whole file or folder is put at its first line."""
    uri = quote(finding.file.replace("\\", "/"), safe="/")
    physical: dict[str, Any] = {
        "artifactLocation": {"uri": uri or ".", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": max(1, finding.line)},
    }
    place: dict[str, Any] = {"physicalLocation": physical}
    if finding.relation:
        place["logicalLocations"] = [{"fullyQualifiedName": finding.relation, "kind": "object"}]
    return place


def _identity(finding: Finding) -> str:
    """What stays the same when lines move: the rule, the passage, the object, the sentence."""
    parts = (finding.rule, finding.revision, finding.direction, finding.relation, finding.sentence)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
