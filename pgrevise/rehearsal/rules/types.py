"""The rules about types that a column should not have, old tables and new ones alike."""

from __future__ import annotations

from collections.abc import Iterator

from pgrevise.catalog import Entry
from pgrevise.catalog.keys import column_name, index_keys, table_of
from pgrevise.rehearsal.facts import Observed
from pgrevise.rehearsal.rules.common import (
    added,
    bare,
    is_of_table,
    line_for,
    table_name,
    was_table,
)
from pgrevise.rehearsal.rules.registry import Hit, rule

_ENDS = {"smallint": 32767, "integer": 2147483647}


@rule(
    "warning",
    means="A column is json.",
    hurts="json has no equality: SELECT DISTINCT, GROUP BY and UNION fail on it, it cannot be "
    "indexed, and every access parses the text again.",
    instead="Use jsonb (sqlalchemy.dialects.postgresql.JSONB).",
    manual="8.14 JSON Types",
)
def json_column(seen: Observed) -> Iterator[Hit]:
    """Columns that are json and were not."""
    for column, kind in _new_types(seen):
        if kind in ("json", "json[]"):
            yield _hit(seen, column, f"Column {column.name} is {kind}, which has no equality.")


@rule(
    "info",
    means="A column is a timestamp without time zone.",
    hurts="It does not say when something happened: sessions of different time zones read it as "
    "different moments, and an hour of every autumn is there twice.",
    instead="Use timestamptz: sa.DateTime(timezone=True). It takes no more space.",
    manual="8.5.1.3 Time Stamps",
)
def timestamp_without_time_zone(seen: Observed) -> Iterator[Hit]:
    """Columns that are timestamps without time zone and were not."""
    for column, kind in _new_types(seen):
        if kind.startswith("timestamp") and "without time zone" in kind:
            yield _hit(seen, column, f"Column {column.name} is {kind}.")


@rule(
    "info",
    means="A column is serial.",
    hurts="Its sequence has privileges of its own, INSERTs with a value pass unnoticed until they "
    "collide, and the default can be changed or dropped by hand.",
    instead='Use an identity column: sa.Column("id", sa.BigInteger, sa.Identity(always=True)).',
    manual="5.3 Identity Columns",
)
def serial_column(seen: Observed) -> Iterator[Hit]:
    """New columns with a sequence of their own behind their default."""
    if seen.after is None:
        return
    for sequence in seen.after.of_kind("sequence"):
        owner = sequence.parent
        if not sequence.facts.get("owning column") or owner is None or owner in seen.before:
            continue
        column = seen.after.get(*owner)
        if column and str(column.facts.get("default", "")).startswith("nextval("):
            said = f"Column {column.name} is serial: its default is the sequence {sequence.name}."
            yield _hit(seen, column, said)


@rule(
    "warning",
    means="A column holds greater numbers than its sequence gives.",
    hurts="A serial column keeps its sequence's type when its own is changed: INSERTs fail when "
    "the sequence reaches its end (2147483647 for integer), as if nothing had been changed.",
    instead='Change both: op.execute("ALTER SEQUENCE t_id_seq AS bigint").',
    manual="ALTER SEQUENCE",
)
def sequence_stays_small(seen: Observed) -> Iterator[Hit]:
    """Columns whose type became greater than that of their sequence."""
    if seen.after is None:
        return
    sizes = {"smallint": 1, "integer": 2, "bigint": 3}
    for sequence in seen.after.of_kind("sequence"):
        column = seen.after.get(*sequence.parent) if sequence.parent else None
        before = seen.before.get(*column.address) if column else None
        kind, given = (str(e.facts.get("type")) if e else "" for e in (column, sequence))
        if column is None or sizes.get(kind, 0) <= sizes.get(given, 9):
            continue
        if before is None or before.facts.get("type") != column.facts.get("type"):
            said = f"Column {column.name} is {kind}, its sequence {sequence.name} still {given}."
            yield _hit(seen, column, said)


@rule(
    "info",
    means="The key of a new table is an integer that a sequence counts up.",
    hurts="It ends at 2147483647 (smallint at 32767), rows that were deleted or rolled back "
    "included: then every INSERT fails, and the way out is to rewrite the table, and each that "
    "refers to it, under ACCESS EXCLUSIVE.",
    instead="Use bigint: sa.BigInteger. Allow it here where the table can never grow, with that "
    "reason.",
    manual="8.1.1 Integer Types; 8.1.4 Serial Types",
)
def integer_primary_key(seen: Observed) -> Iterator[Hit]:
    """Primary keys of new tables, of one column that is shorter than bigint and counted up."""
    if seen.after is None:
        return
    counted = {s.parent for s in seen.after.of_kind("sequence") if s.parent}
    for index in added(seen, "index"):
        table, keys = table_of(seen.after, index), index_keys(index)
        if not index.facts.get("primary key") or len(keys) != 1 or was_table(seen, table):
            continue
        column = seen.after.get("column", column_name(table, keys[0] or ""))
        kind = str(column.facts.get("type")) if column else ""
        if column and kind in ("integer", "smallint") and column.address in counted:
            said = f"The key {column.name} is {kind}: it runs out at {_ENDS[kind]}."
            yield _hit(seen, column, said)


def _new_types(seen: Observed) -> Iterator[tuple[Entry, str]]:
    """Columns of tables that are new or have a new type, with that type."""
    for column in seen.touched:
        if column.kind != "column":
            continue
        before = seen.before.get(*column.address)
        kind = column.facts.get("type")
        if (before is None or before.facts.get("type") != kind) and is_of_table(seen, column.name):
            yield column, str(kind)


def _hit(seen: Observed, column: Entry, sentence: str) -> Hit:
    table = table_name(column.name)
    line = line_for(seen, r"\bCREATE\s+TABLE\b|\bALTER\s+TABLE\b", table, column.name)
    return Hit("upgrade", line, sentence, relation=table if bare(table) else "")
