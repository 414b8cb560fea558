"""What was observed of a passage and of a trial with rows, as `json` can write it.

The document around it is `rehearsal_json`'s; docs/rehearsal.schema.json says what each name means.
"""

from __future__ import annotations

from typing import Any

from pgrevise.rehearsal.facts import Lock, Passage, Relation, Statement, Transaction
from pgrevise.rehearsal.trial.facts import Broken, Loss, Released, Seconds, Stall, Timed, Trial


def trial(of: Trial) -> dict[str, Any]:
    """A trial with rows."""
    return {
        "tables": [
            {
                "table": table.table,
                "rows": table.rows,
                "reason": table.reason,
                "is_touched": table.is_touched,
            }
            for table in of.tables
        ],
        "upgrade": passage(of.upgrade),
        "downgrade": passage(of.downgrade),
        "losses": [_loss(loss) for loss in of.losses],
        "timed": [_timed(timed) for timed in of.timed],
        "stalls": [_stall(stall) for stall in of.stalls],
        "max_stall": None if of.max_stall is None else seconds(of.max_stall),
        "released": None if of.released is None else _released(of.released),
        "notes": list(of.notes),
    }


def _loss(loss: Loss) -> dict[str, Any]:
    return {
        "table": loss.table,
        "column": loss.column,
        "damage": loss.damage,
        "at": loss.at,
        "rows": loss.rows,
        "of": loss.of,
        "was": loss.was,
        "became": loss.became,
    }


def _timed(timed: Timed) -> dict[str, Any]:
    return {
        "line": timed.line,
        "sql": timed.sql,
        "direction": timed.direction,
        "took": _reckoned(timed.took),
    }


def _stall(stall: Stall) -> dict[str, Any]:
    return {
        "table": stall.table,
        "traffic": stall.traffic,
        "direction": stall.direction,
        "line": stall.line,
        "predicted": _reckoned(stall.predicted),
        "probed": None if stall.probed is None else seconds(stall.probed),
        "probed_rows": stall.probed_rows,
    }


def _reckoned(took: Seconds) -> dict[str, Any]:
    return {
        "seconds": seconds(took.seconds),
        "low": seconds(took.low),
        "high": seconds(took.high),
        "rows": took.rows,
        "measured": list(took.measured),
        "is_scaled": took.is_scaled,
    }


def _released(released: Released) -> dict[str, Any]:
    return {
        "reference": released.reference,
        "commit": released.commit,
        "classes": released.classes,
        "operations": released.operations,
        "broken": [_broken(broken) for broken in released.broken],
        "untried": list(released.untried),
        "error": released.error,
        "next_step": released.next_step,
    }


def _broken(broken: Broken) -> dict[str, Any]:
    return {
        "class": broken.mapped,
        "table": broken.table,
        "operation": broken.operation,
        "error": broken.error,
        "sqlstate": broken.sqlstate,
    }


def passage(of: Passage) -> dict[str, Any]:
    """One way through a revision."""
    return {
        "outcome": of.outcome,
        "error": of.error,
        "error_line": of.error_line,
        "seconds": seconds(of.seconds),
        "output": of.output,
        "unseen_sessions": of.unseen_sessions,
        "threads": of.threads,
        "statements": [_statement(statement) for statement in of.statements],
        "transactions": [_transaction(transaction) for transaction in of.transactions],
    }


def _transaction(transaction: Transaction) -> dict[str, Any]:
    return {
        "number": transaction.number,
        "connection": transaction.connection,
        "began": seconds(transaction.began),
        "ended": seconds(transaction.ended),
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
        "began": seconds(statement.began),
        "seconds": seconds(statement.seconds),
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
        "lock_timeout": seconds(statement.lock_timeout),
        "notices": list(statement.notices),
        "error": statement.error,
        "sqlstate": statement.sqlstate,
    }


def _lock(lock: Lock) -> dict[str, Any]:
    return {
        "relation": _relation(lock.relation),
        "mode": lock.mode,
        "blocks": list(lock.blocks),
        "began": seconds(lock.began),
        "held": seconds(lock.held),
        "is_named": lock.is_named,
    }


def _relation(relation: Relation) -> dict[str, Any]:
    return {
        "name": relation.name,
        "kind": relation.kind,
        "table": relation.table,
        "is_new": relation.is_new,
    }


def seconds(value: float) -> float:
    """To the microsecond: more would be noise."""
    return round(value, 6)
