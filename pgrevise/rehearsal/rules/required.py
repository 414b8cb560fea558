"""The rules about NOT NULL and defaults: what an INSERT must say, and what rows must hold.

What is new has neither rows nor released code; a table that was not there before is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pgrevise.rehearsal.facts import Observed, Statement
from pgrevise.rehearsal.rules.common import (
    column_changes,
    fills_before,
    line_for,
    statement_for,
    table_name,
    without_literals,
)
from pgrevise.rehearsal.rules.registry import Hit, rule
from pgrevise.rehearsal.rules.released import renamed_columns
from pgrevise.rehearsal.rules.tried import has_failed, is_proved

_SETS_NOT_NULL = r"\bSET\s+NOT\s+NULL\b|\bPRIMARY\s+KEY\b|\bADD\s+CONSTRAINT\s+\S+\s+NOT\s+NULL\b"


@rule(
    "error",
    means="A new column of a table of before is NOT NULL and has no default.",
    hurts="Adding it fails as soon as the table has a row, and every INSERT of the release that "
    "still runs fails, because it does not name the column.",
    instead="Give it a server_default: a constant costs nothing. Take the default away when every "
    "release names the column.",
    manual="ALTER TABLE, Notes",
)
def not_null_without_default(seen: Observed) -> Iterator[Hit]:
    """New required columns that released code does not know."""
    if seen.after is None:
        return
    renamed = {now for _, now in renamed_columns(seen)}
    for change in column_changes(seen, "added"):
        entry = seen.after.get("column", change.name)
        if entry is None or change.name in renamed or not entry.facts.get("NOT NULL"):
            continue
        if any(entry.facts.get(f) for f in ("default", "identity", "generated")):
            continue
        domain = seen.after.get("domain", str(entry.facts.get("type")))
        if domain is not None and domain.facts.get("default") is not None:
            continue
        adding = statement_for(seen.upgrade, r"\bADD\b.*\bNOT\s+NULL\b", change.name)
        fails = adding is not None and not re.search(
            r"\bDEFAULT\b", without_literals(adding.sql), re.IGNORECASE
        )
        table = table_name(change.name)
        line = line_for(seen, r"\bADD\b", table, change.name)
        is_news = fails and not has_failed(seen, line)
        rows = f"adding it fails if {table} has a row, and " if is_news else ""
        yield Hit(
            "upgrade",
            line,
            f"Column {change.name} is NOT NULL without a default: {rows}INSERTs of released code "
            "fail, because they do not name it.",
            relation=table,
        )


@rule(
    "warning",
    means="A column loses its default.",
    hurts="INSERTs of the release that still runs that leave the column to its default fail where "
    "it is required, and write NULL where it is not.",
    instead="Release code that always names the column, then drop the default.",
    manual="5.7.5 Changing a Column's Default Value",
)
def default_dropped(seen: Observed) -> Iterator[Hit]:
    """Columns of before whose default is gone; worth knowing where they may be NULL."""
    for fact in ("default", "identity"):
        for change in column_changes(seen, "changed", fact):
            entry = seen.after.get("column", change.name) if seen.after else None
            if change.now is not None or entry is None:
                continue
            if any(entry.facts.get(f) for f in ("default", "identity", "generated")):
                continue
            table = table_name(change.name)
            is_required = bool(entry.facts.get("NOT NULL"))
            what, then = ("is NOT NULL and", "fail") if is_required else ("", "write NULL")
            yield Hit(
                "upgrade",
                line_for(seen, r"\bDROP\b", table, change.name),
                f"Column {' '.join(filter(None, (change.name, what)))} loses its {fact} "
                f"({change.was}): INSERTs that do not name it {then}.",
                relation=table,
                severity=None if is_required else "info",
            )


@rule(
    "info",
    means="A column may be NULL from now on.",
    hurts="The release that still runs has never met a NULL there: it may fail on the first one, "
    "and comparisons in its queries leave such rows out.",
    instead="Release code that takes NULL first, and writes it afterwards.",
    manual="5.5.2 Not-Null Constraints",
)
def not_null_dropped(seen: Observed) -> Iterator[Hit]:
    """Columns of before that lose NOT NULL."""
    for change in column_changes(seen, "changed", "NOT NULL"):
        if change.was:
            table = table_name(change.name)
            yield Hit(
                "upgrade",
                line_for(seen, r"\bDROP\b", table, change.name),
                f"Column {change.name} may be NULL from now on.",
                relation=table,
            )


@rule(
    "info",
    means="A column of before is made NOT NULL, and nothing proves that it has no NULL.",
    hurts="The upgrade fails in production if one row has a NULL, and only there.",
    instead="Prove it first: ADD CONSTRAINT c CHECK (x IS NOT NULL) NOT VALID, fill the column in "
    "batches, VALIDATE CONSTRAINT c, each in a revision of its own; then SET NOT NULL, which looks "
    "at no row, and drop the check.",
    manual="ALTER TABLE, SET NOT NULL",
)
def not_null_may_fail(seen: Observed) -> Iterator[Hit]:
    """Columns that became NOT NULL by looking at rows that this revision did not fill."""
    for change in column_changes(seen, "changed", "NOT NULL"):
        table = table_name(change.name)
        setting = statement_for(seen.upgrade, _SETS_NOT_NULL, table, change.name)
        if not change.now or (setting and not _looks_at_rows(setting, table)):
            continue
        line = line_for(seen, _SETS_NOT_NULL, table, change.name)
        if fills_before(seen.upgrade, setting, table, change.name):
            continue
        if is_proved(seen, "not-null-may-fail", line):
            continue
        yield Hit(
            "upgrade",
            line,
            f"Column {change.name} becomes NOT NULL: this fails if a row of {table} has a NULL "
            "there.",
            relation=table,
        )


def _looks_at_rows(statement: Statement, table: str) -> bool:
    return any(scan.relation.name == table for scan in statement.scans)
