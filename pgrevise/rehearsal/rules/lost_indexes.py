"""The rules about indexes that are no longer there: what gets slow, or goes unnoticed.

What a unique index promises of rows is in `guarantees`.
"""

from __future__ import annotations

from collections.abc import Iterator

from pgrevise.catalog import Entry
from pgrevise.catalog.keys import column_name, foreign_keys, has_index_for, index_keys, table_of
from pgrevise.rehearsal.facts import Observed, Statement
from pgrevise.rehearsal.rules.common import added, bare, line_for, statement_for
from pgrevise.rehearsal.rules.evidence import listed
from pgrevise.rehearsal.rules.registry import Hit, rule
from pgrevise.rehearsal.rules.released import renamed_columns


@rule(
    "warning",
    means="The last index that begins with the columns of a foreign key goes.",
    hurts="Each DELETE of a referenced row, and each change of its key, reads the whole "
    "referencing table from now on, and holds its locks meanwhile.",
    instead="Create the index that takes its place first, concurrently and in a revision of its "
    "own; leave it out, with a reason, where referenced rows are never deleted.",
    manual="5.5.5 Foreign Keys",
)
def foreign_key_loses_index(seen: Observed) -> Iterator[Hit]:
    """Foreign keys of before that had an index and have none."""
    if seen.after is None or not any(_gone(seen)):
        return
    for key in foreign_keys(seen.after.of_kind("constraint")):
        if key.entry.address not in seen.before:
            continue
        had = has_index_for(seen.before, key.table, key.columns)
        if had and not has_index_for(seen.after, key.table, key.columns):
            lost = [
                bare(index.name)
                for index in _gone(seen)
                if table_of(seen.before, index) == key.table
                and set(index_keys(index)[: len(key.columns)]) == set(key.columns)
            ]
            name = lost[0] if lost else key.table
            yield Hit(
                "upgrade",
                line_for(seen, r"\bDROP\b", name),
                f"No index of {key.table} begins with ({', '.join(key.columns)}) any more, which "
                f"refers to {key.target}.",
                key.table,
            )


@rule(
    "warning",
    means="An index or constraint over several columns goes along with one of them.",
    hurts="DROP COLUMN drops every index and constraint that the column is part of, and says "
    "nothing: queries by the other columns get slow, or duplicates get in.",
    instead="Create what the other columns need first, concurrently; then drop the old index by "
    "its name, and the column.",
    manual="ALTER TABLE, DROP COLUMN",
)
def index_dropped_with_column(seen: Observed) -> Iterator[Hit]:
    """Indexes of before over a lost column and others, that no statement drops by name."""
    renamed = {was for was, _ in renamed_columns(seen)}
    for index in _gone(seen):
        table = table_of(seen.before, index)
        names = [column_name(table, key) for key in index_keys(index) if key]
        lost = [n for n in names if n not in renamed and not _is_there(seen, n)]
        left = [bare(n) for n in names if n not in lost and n not in renamed]
        name = str(index.facts.get("constraint") or bare(index.name))
        if not lost or not left or statement_for(seen.upgrade, r"\bDROP\b", name):
            continue
        if _serves(seen, table, left):
            continue
        yield Hit(
            "upgrade",
            line_for(seen, r"\bDROP\b", table, lost[0]),
            f"{name} goes with column {bare(lost[0])}: no index of {table} begins with "
            f"{listed(left)} any more.",
            table,
        )


@rule(
    "warning",
    means="An index is dropped before the one that takes its place is there.",
    hurts="Until the new one is built, which takes as long as the table is large, every query that "
    "needs it reads the whole table.",
    instead="Create the new index first, then drop the old one.",
    manual="DROP INDEX; CREATE INDEX, Building Indexes Concurrently",
)
def index_dropped_before_replacement(seen: Observed) -> Iterator[Hit]:
    """Indexes dropped by a statement that commits before another one builds a like one."""
    for index in _gone(seen):
        table, keys = table_of(seen.before, index), index_keys(index)
        dropping = statement_for(seen.upgrade, r"\bDROP\s+INDEX\b", bare(index.name))
        if dropping is None or not keys:
            continue
        for new in added(seen, "index"):
            building = statement_for(seen.upgrade, r"\bCREATE\b.*\bINDEX\b", bare(new.name))
            if building is None or not _is_later(building, dropping):
                continue
            is_alike = seen.after is not None and table_of(seen.after, new) == table
            if is_alike and index_keys(new)[:1] == keys[:1]:
                yield Hit(
                    "upgrade",
                    dropping.line,
                    f"{bare(index.name)} of {table} is dropped before {bare(new.name)} (line "
                    f"{building.line}) is built: meanwhile no index begins with {keys[0]}.",
                    table,
                )
                break


def _gone(seen: Observed) -> Iterator[Entry]:
    """The indexes of before that are gone while their table is not."""
    if seen.after is None:
        return
    for index in seen.before.of_kind("index"):
        if index.address in seen.after or index.facts.get("parent index"):
            continue
        if seen.after.get("table", table_of(seen.before, index)):
            yield index


def _is_there(seen: Observed, column: str) -> bool:
    return seen.after is not None and ("column", column) in seen.after


def _serves(seen: Observed, table: str, columns: list[str]) -> bool:
    """Whether another index begins with the first of these columns."""
    return seen.after is not None and has_index_for(seen.after, table, (columns[0],))


def _is_later(building: Statement, dropping: Statement) -> bool:
    """Whether a statement comes after another one, and others can see what is between."""
    if building.number <= dropping.number:
        return False
    return building.transaction is None or building.transaction != dropping.transaction
