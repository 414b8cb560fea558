"""The rules about what the schema promised of rows, and does no more: keys, references, checks.

Released code was written against these promises. NOT NULL and defaults are in `required`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pgrevise.catalog import Catalog, Entry
from pgrevise.catalog.keys import ForeignKey, column_name, foreign_keys, index_keys, table_of
from pgrevise.rehearsal.facts import Observed
from pgrevise.rehearsal.rules.common import bare, line_for, mentions, table_name
from pgrevise.rehearsal.rules.registry import Hit, rule
from pgrevise.rehearsal.rules.released import renamed_columns

_DROPS = r"\bDROP\b"
_LONGEST = 100
_ACTION = re.compile(r"\bON DELETE (?P<action>CASCADE|SET NULL|SET DEFAULT|RESTRICT)")
_IS_NOT_NULL = re.compile(r"\S+ IS NOT NULL( AND \S+ IS NOT NULL)*")
_NO_BRACKETS = str.maketrans("", "", "()")
_DOES = {
    "CASCADE": "deletes the rows that refer to it",
    "SET NULL": "empties the column in rows that refer to it",
    "SET DEFAULT": "resets the column in rows that refer to it",
}


@rule(
    "warning",
    means="A primary key, a unique constraint or index, or an exclusion goes, and none takes its "
    "place.",
    hurts="INSERT … ON CONFLICT over these columns fails at once in the release that still runs; "
    "nothing keeps duplicates out any more, and once they are there it cannot be made again.",
    instead="Release code that does without it first. To replace one, create the new index "
    "concurrently, and drop the old one when no release names its columns in ON CONFLICT.",
    manual="INSERT, ON CONFLICT Clause; 5.5.3 Unique Constraints",
)
def unique_dropped(seen: Observed) -> Iterator[Hit]:
    """Unique indexes of before over columns that are still there, and without an equal now."""
    if seen.after is None:
        return
    renamed = dict(renamed_columns(seen))
    now = {_promise(seen.after, index, {}) for index in _unique(seen.after)}
    for index in _unique(seen.before):
        table = table_of(seen.before, index)
        if seen.after.by_address.get(index.address) is index or not seen.after.get("table", table):
            continue
        if _promise(seen.before, index, renamed) in now or _lost_a_column(seen, index, renamed):
            continue
        yield _of_lost_promise(seen, table, index)


@rule(
    "info",
    means="A foreign key goes, and both of its columns stay.",
    hurts="Rows may refer to what is not there from now on, and what ON DELETE did is done no "
    "more: deleting a row leaves others behind. DROP CONSTRAINT takes ACCESS EXCLUSIVE on both "
    "tables.",
    instead="Release code that deletes what belongs together by itself; drop it alone in its "
    "revision, under a short lock_timeout.",
    manual="5.5.5 Foreign Keys; ALTER TABLE",
)
def foreign_key_dropped(seen: Observed) -> Iterator[Hit]:
    """Foreign keys that are gone, none over the same columns in their place."""
    for key, new in _foreign_keys_of_before(seen):
        if new is not None:
            continue
        columns = ", ".join(key.columns)
        does = _DOES.get(_action(key), "")
        end = f", and deleting a row of {key.target} no longer {does}" if does else ""
        yield Hit(
            "upgrade",
            line_for(seen, _DROPS, bare(key.entry.name)),
            f"Foreign key ({columns}) of {key.table} to {key.target} is gone: rows may refer to "
            f"what is not there{end}.",
            key.table,
            severity="warning" if does else None,
        )


@rule(
    "warning",
    means="A foreign key does something else than before when what it refers to is deleted.",
    hurts="The release that still runs deletes rows and counts on what happened then: its DELETEs "
    "fail where rows used to go along, or take rows with them that it meant to keep.",
    instead="Release code that works with both (it deletes what belongs together by itself), then "
    "change the action.",
    manual="5.5.5 Foreign Keys",
)
def foreign_key_action_changed(seen: Observed) -> Iterator[Hit]:
    """Foreign keys of before whose ON DELETE is another one."""
    for key, new in _foreign_keys_of_before(seen):
        was, now = _action(key), _action(new) if new else ""
        if new is None or _kind(was) == _kind(now):
            continue
        yield Hit(
            "upgrade",
            line_for(seen, r"\bFOREIGN\s+KEY\b", bare(new.entry.name)),
            f"Deleting a row of {key.target} that {key.table} refers to is "
            f"{now or 'NO ACTION'} instead of {was or 'NO ACTION'}: {_meaning(now)}.",
            key.table,
        )


@rule(
    "info",
    means="A check of a table goes, and no other one of its columns comes.",
    hurts="Values that the release that still runs has never met may be written from now on.",
    instead="Release code that takes such values first, and writes them afterwards.",
    manual="5.5.1 Check Constraints",
)
def check_dropped(seen: Observed) -> Iterator[Hit]:
    """CHECK constraints of before that are gone, unless NOT NULL or another check stands for it."""
    for change in seen.changes:
        entry = seen.before.get("constraint", change.name)
        if seen.after is None or entry is None or change.kind != "removed":
            continue
        if change.object_kind != "constraint" or entry.facts.get("type") != "check":
            continue
        table, said = table_name(change.name), str(entry.facts.get("definition", ""))
        if entry.facts.get("inherited only") or _is_checked_otherwise(seen, table, said):
            continue
        yield Hit(
            "upgrade",
            line_for(seen, _DROPS, bare(change.name)),
            f"{bare(change.name)} of {table} is gone: {_cut(said)} may be broken from now on.",
            table,
        )


def _of_lost_promise(seen: Observed, table: str, index: Entry) -> Hit:
    """A hit about a key that is gone; rows are not alike where a stricter one is left."""
    columns = ", ".join(_keys(index))
    kind = "Unique constraint" if index.facts.get("constraint") else "Unique index"
    if index.facts.get("primary key"):
        kind = "Primary key"
    then = [f"ON CONFLICT ({columns}) fails", "rows may be alike"]
    if not index.facts.get("unique"):
        kind, then = "Exclusion constraint", ["rows may be alike"]
    is_implied = index.facts.get("unique") and _is_implied(seen, table, index)
    if is_implied:
        then.pop()
    name = str(index.facts.get("constraint") or bare(index.name))
    return Hit(
        "upgrade",
        line_for(seen, _DROPS, name),
        f"{kind} {name} ({columns}) of {table} is gone: {', and '.join(then)}.",
        table,
        severity="info" if is_implied else None,
    )


def _is_implied(seen: Observed, table: str, index: Entry) -> bool:
    """Whether another unique index over some of its columns still keeps rows apart."""
    return seen.after is not None and any(
        table_of(seen.after, other) == table
        and not other.facts.get("WHERE")
        and other.facts.get("unique")
        and set(_keys(other)) <= set(_keys(index))
        for other in _unique(seen.after)
    )


def _unique(catalog: Catalog) -> Iterator[Entry]:
    """The indexes that keep rows apart and work, but for copies of a partitioned table's."""
    for index in catalog.of_kind("index"):
        keeps = index.facts.get("unique") or _is_exclusion(catalog, index)
        if keeps and not index.facts.get("invalid") and not index.facts.get("parent index"):
            yield index


def _is_exclusion(catalog: Catalog, index: Entry) -> bool:
    constraint = catalog.get(*index.parent) if index.parent else None
    return constraint is not None and constraint.facts.get("type") == "exclusion"


def _promise(catalog: Catalog, index: Entry, renamed: dict[str, str]) -> tuple[object, ...]:
    """What an index keeps apart, under the names of columns after the upgrade."""
    table = table_of(catalog, index)
    keys = []
    for key, column in zip(_keys(index), index_keys(index), strict=False):
        now = renamed.get(column_name(table, column)) if column else None
        keys.append(bare(now) if now else column or key)
    constraint = catalog.get(*index.parent) if index.parent else None
    is_exclusion = constraint is not None and constraint.facts.get("type") == "exclusion"
    how = constraint.facts.get("definition") if constraint and is_exclusion else None
    return (table, frozenset(keys), index.facts.get("WHERE"), how)


def _lost_a_column(seen: Observed, index: Entry, renamed: dict[str, str]) -> bool:
    """Whether one of its columns is gone, or it may only be written otherwise.

    Of an expression or a condition that names a renamed column nothing is said.
    """
    table = table_of(seen.before, index)
    for column in index_keys(index):
        name = column_name(table, column) if column else ""
        if name and name not in renamed and seen.after and not seen.after.get("column", name):
            return True
    others = " ".join([*_keys(index), str(index.facts.get("WHERE") or "")])
    gone = [c.name for c in seen.changes if (c.object_kind, c.kind) == ("column", "removed")]
    return any(table_name(name) == table and mentions(others, bare(name)) for name in gone)


def _keys(index: Entry) -> tuple[str, ...]:
    keys = index.facts.get("keys")
    return keys if isinstance(keys, tuple) else ()


def _foreign_keys_of_before(seen: Observed) -> Iterator[tuple[ForeignKey, ForeignKey | None]]:
    """Foreign keys that went or were made anew, each with the one in its place.

    Passed over are those that went with one of their columns or tables.
    """
    if seen.after is None:
        return
    renamed = dict(renamed_columns(seen))
    now = {(key.table, key.columns): key for key in foreign_keys(seen.after.of_kind("constraint"))}
    for key in foreign_keys(seen.before.of_kind("constraint")):
        if seen.after.by_address.get(key.entry.address) is key.entry:
            continue
        names = [column_name(key.table, column) for column in key.columns]
        if any(renamed.get(name) for name in names) or not seen.after.get("table", key.target):
            continue
        if all(seen.after.get("column", name) for name in names):
            yield key, now.get((key.table, key.columns))


def _action(key: ForeignKey) -> str:
    found = _ACTION.search(str(key.entry.facts.get("definition", "")))
    return found["action"] if found else ""


def _kind(action: str) -> str:
    """RESTRICT and NO ACTION refuse alike, at another moment."""
    return "" if action == "RESTRICT" else action


def _meaning(action: str) -> str:
    return f"it {_DOES[action]}" if action in _DOES else "it is refused"


def _is_checked_otherwise(seen: Observed, table: str, definition: str) -> bool:
    """Whether a column of the check is gone, NOT NULL says the same, or a new check names them."""
    if seen.after is None or not seen.after.get("table", table):
        return True
    was = [e for e in seen.before.of_kind("column") if table_name(e.name) == table]
    named = [e for e in was if mentions(definition, bare(e.name))]
    if any(e.address not in seen.after for e in named):
        return True
    words = definition.removeprefix("CHECK ").translate(_NO_BRACKETS)
    columns = [seen.after.get(*e.address) for e in named]
    if _IS_NOT_NULL.fullmatch(words) and all(c and c.facts.get("NOT NULL") for c in columns):
        return True
    for entry in seen.touched:
        if entry.address in seen.before or entry.facts.get("type") != "check":
            continue
        says = str(entry.facts.get("definition"))
        if table_name(entry.name) == table and any(mentions(says, bare(e.name)) for e in named):
            return True
    return False


def _cut(definition: str) -> str:
    """A definition on one line."""
    line = " ".join(definition.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
