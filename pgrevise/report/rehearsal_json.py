"""A rehearsal as JSON for programs, in the format that docs/rehearsal.schema.json publishes.

Names here are for good: a change that a reader could notice is another ``format``.
"""

from __future__ import annotations

import json
from typing import Any

from pgrevise.rehearsal.facts import (
    Finding,
    Lock,
    Passage,
    Rehearsal,
    Rehearsed,
    Relation,
    Statement,
    Transaction,
)
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
        "seconds": _seconds(rehearsal.seconds),
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
            "upgrade": _passage(observed.upgrade),
            "downgrade": _passage(observed.downgrade),
            "second_upgrade": _passage(observed.second_upgrade),
        },
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


def _passage(passage: Passage) -> dict[str, Any]:
    return {
        "outcome": passage.outcome,
        "error": passage.error,
        "error_line": passage.error_line,
        "seconds": _seconds(passage.seconds),
        "output": passage.output,
        "unseen_sessions": passage.unseen_sessions,
        "threads": passage.threads,
        "statements": [_statement(statement) for statement in passage.statements],
        "transactions": [_transaction(transaction) for transaction in passage.transactions],
    }


def _transaction(transaction: Transaction) -> dict[str, Any]:
    return {
        "number": transaction.number,
        "connection": transaction.connection,
        "began": _seconds(transaction.began),
        "ended": _seconds(transaction.ended),
        "is_committed": transaction.is_committed,
        "by_statement": transaction.by_statement,
    }


def _statement(statement: Statement) -> dict[str, Any]:
    return {
        "number": statement.number,
        "sql": statement.sql,
        "file": statement.file,
        "line": statement.line,
        "source": statement.source,
        "is_foreign": statement.is_foreign,
        "connection": statement.connection,
        "transaction": statement.transaction,
        "began": _seconds(statement.began),
        "seconds": _seconds(statement.seconds),
        "locks": [_lock(lock) for lock in statement.locks],
        "rewrites": [
            {"relation": _relation(rewrite.relation), "reason": rewrite.reason}
            for rewrite in statement.rewrites
        ],
        "builds": [
            {"index": _relation(build.index), "was_there": build.was_there}
            for build in statement.builds
        ],
        "scans": [
            {"relation": _relation(scan.relation), "count": scan.count} for scan in statement.scans
        ],
        "written": [
            {
                "relation": _relation(written.relation),
                "inserted": written.inserted,
                "updated": written.updated,
                "deleted": written.deleted,
            }
            for written in statement.written
        ],
        "wal_bytes": statement.wal_bytes,
        "temporary_bytes": statement.temporary_bytes,
        "lock_timeout": _seconds(statement.lock_timeout),
        "notices": list(statement.notices),
        "error": statement.error,
        "sqlstate": statement.sqlstate,
    }


def _lock(lock: Lock) -> dict[str, Any]:
    return {
        "relation": _relation(lock.relation),
        "mode": lock.mode,
        "blocks": list(lock.blocks),
        "began": _seconds(lock.began),
        "held": _seconds(lock.held),
        "is_named": lock.is_named,
    }


def _relation(relation: Relation) -> dict[str, Any]:
    return {
        "name": relation.name,
        "kind": relation.kind,
        "table": relation.table,
        "is_new": relation.is_new,
    }


def _seconds(value: float) -> float:
    """To the microsecond: more would be noise."""
    return round(value, 6)
