"""The rules about triggers and rewrite rules of tables that were there before.

How long their tables stay locked is told in `locks`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pgrevise.catalog import Change, Entry
from pgrevise.rehearsal.facts import Observed
from pgrevise.rehearsal.rules.common import (
    bare,
    column_changes,
    documents,
    line_for,
    mentions,
    table_name,
)
from pgrevise.rehearsal.rules.registry import Hit, rule
from pgrevise.rehearsal.rules.renames import routine

_KINDS = ("trigger", "rule")
_EVENTS = re.compile(r"\b(?:BEFORE|AFTER|INSTEAD OF) (?P<events>.+?) ON ")
_ROUTINE = re.compile(r"\bEXECUTE FUNCTION (?P<name>.+?)\(")
_COLUMNS = re.compile(r" OF .+?(?= OR |$)")
_FIRES_NOT = ("disabled", "on a replica")


@rule(
    "info",
    means="A table of before gets a trigger.",
    hurts="Each write of the release that still runs does more from now on: it is changed, "
    "refused or slower, in its own transaction. CREATE TRIGGER waits for the writers of the table, "
    "and every other writer waits behind it (SHARE ROW EXCLUSIVE).",
    instead="Create it alone in its revision, under a short lock_timeout; let it do little; say in "
    "the docstring what it does to the writes of released code.",
    manual="39 Triggers; CREATE TRIGGER",
)
def trigger_added(seen: Observed) -> Iterator[Hit]:
    """New triggers on what was there before, if the docstring does not speak of them."""
    for change in _of_triggers(seen, "added"):
        entry = seen.after.get(change.object_kind, change.name) if seen.after else None
        if entry is None or entry.parent not in seen.before or entry.facts.get("inherited"):
            continue
        is_told = change.object_kind in seen.revision.docstring.lower()
        if is_told or documents(seen, change.name) or _runs_the_same(seen, entry, "removed"):
            continue
        table = entry.parent[1] if entry.parent else ""
        when = _events(entry)
        yield Hit(
            "upgrade",
            line_for(seen, r"\bCREATE\b", bare(change.name)),
            f"{change.object_kind.capitalize()} {bare(change.name)} runs {when} of {table}, "
            "released code's too.",
            table,
        )


@rule(
    "warning",
    means="A trigger of a table that stays is dropped.",
    hurts="What it did for each write is done no more, while the release that still runs relies on "
    "it: columns stay empty, copies fall behind, nobody is notified.",
    instead="Release code that does without it, then drop it and name it in the docstring.",
    manual="DROP TRIGGER",
)
def trigger_dropped(seen: Observed) -> Iterator[Hit]:
    """Triggers that are gone while their table is not; worth knowing when the docstring says so."""
    for change in _of_triggers(seen, "removed"):
        entry = seen.before.get(change.object_kind, change.name)
        if entry is None or entry.facts.get("inherited") or _runs_the_same(seen, entry, "added"):
            continue
        if _is_about_a_lost_column(seen, entry):
            continue
        table = entry.parent[1] if entry.parent else ""
        yield Hit(
            "upgrade",
            line_for(seen, r"\bDROP\b", bare(change.name)),
            f"{change.object_kind.capitalize()} {bare(change.name)} of {table} is dropped: what it "
            f"did {_events(entry)} is done no more.",
            table,
            severity="info" if documents(seen, change.name) else None,
        )


@rule(
    "warning",
    means="A trigger, or the check of a foreign key, is left disabled.",
    hurts="Writes go through as if it were not there, and nobody sees it in the table's columns: "
    "rows that it would have refused or completed stay as they are when it is enabled again.",
    instead="Enable it in the same revision. For a bulk load set session_replication_role = "
    "replica for that transaction (SET LOCAL) instead.",
    manual="ALTER TABLE, DISABLE TRIGGER",
)
def trigger_disabled(seen: Observed) -> Iterator[Hit]:
    """Triggers, rules and foreign keys of before that fire no more."""
    for change in seen.changes:
        if change.fact != "fires" or not _is_off(change.now) or _is_off(change.was):
            continue
        entry = seen.before.get(change.object_kind, change.name)
        table = entry.parent[1] if entry and entry.parent else ""
        is_key = change.object_kind == "constraint"
        what = "Foreign key" if is_key else change.object_kind.capitalize()
        does = "is checked no more" if is_key else "fires no more"
        where = "" if change.now == "disabled" else ", but for what replication applies"
        yield Hit(
            "upgrade",
            line_for(seen, r"\b(?:DISABLE|REPLICA)\b", bare(table)),
            f"{what} {bare(change.name)} of {table} {does}{where}.",
            table,
        )


def _of_triggers(seen: Observed, kind: str) -> Iterator[Change]:
    return (c for c in seen.changes if c.kind == kind and c.object_kind in _KINDS)


def _is_off(fires: object) -> bool:
    return any(word in str(fires) for word in _FIRES_NOT)


def _runs_the_same(seen: Observed, entry: Entry, kind: str) -> bool:
    """Whether a trigger of the table that came, or went, runs the same function: it is replaced."""
    found = _ROUTINE.search(str(entry.facts.get("definition", "")))
    catalog = seen.after if kind == "added" else seen.before
    if not found or catalog is None:
        return False
    for change in _of_triggers(seen, kind):
        other = catalog.get(change.object_kind, change.name)
        if other is None or other.parent != entry.parent:
            continue
        its = _ROUTINE.search(str(other.facts.get("definition", "")))
        if its and its["name"] == found["name"]:
            return True
    return False


def _is_about_a_lost_column(seen: Observed, entry: Entry) -> bool:
    """Whether it works on a column that goes with it, which is told already."""
    definition = str(entry.facts.get("definition", ""))
    found = _ROUTINE.search(definition)
    bodies = [
        str(function.facts.get("body", ""))
        for function in seen.before.of_kind("function")
        if found and bare(routine(function.name)) == bare(found["name"])
    ]
    gone = [change.name for change in column_changes(seen, "removed")]
    return any(
        entry.parent == ("table", table_name(column)) and mentions(text, bare(column))
        for column in gone
        for text in (definition, *bodies)
    )


def _events(entry: Entry) -> str:
    """When it runs, in words: "on each INSERT or UPDATE"."""
    found = _EVENTS.search(str(entry.facts.get("definition", "")))
    if not found:
        return "on writes"
    return f"on each {_COLUMNS.sub('', found['events']).replace(' OR ', ' or ')}"
