"""The rules about what logical replication needs of a table."""

from __future__ import annotations

from collections.abc import Iterator

from pgrevise.catalog import Catalog
from pgrevise.catalog.keys import table_of
from pgrevise.rehearsal.facts import Observed
from pgrevise.rehearsal.rules.common import bare, line_for
from pgrevise.rehearsal.rules.registry import Hit, rule

_DROPS = r"\bDROP\b"


@rule(
    "warning",
    means="A table is left without a replica identity.",
    hurts="Where the table is in a publication (logical replication, change data capture, an "
    "upgrade without downtime), each UPDATE and DELETE of it fails from then on; PostgreSQL says "
    "so only when the first one comes.",
    instead="Give it one first: REPLICA IDENTITY USING INDEX with a unique index over NOT NULL "
    "columns, or FULL. To change a primary key, drop the old and add the new one in one statement.",
    manual="ALTER TABLE, REPLICA IDENTITY; 29.1 Publication",
)
def replica_identity_lost(seen: Observed) -> Iterator[Hit]:
    """Tables of before whose rows replication could tell apart, and cannot now."""
    if seen.after is None:
        return
    names = {change.name for change in seen.changes if change.fact == "replica identity"}
    for index in seen.before.of_kind("index"):
        if seen.after.by_address.get(index.address) is not index:
            names.add(table_of(seen.before, index))
    for table in sorted(names):
        if not seen.after.get("table", table) or not _is_identified(seen.before, table):
            continue
        if not _is_identified(seen.after, table):
            yield Hit(
                "upgrade",
                line_for(seen, rf"{_DROPS}|\bREPLICA\s+IDENTITY\b", bare(table)),
                f"{table} has no replica identity any more: where it is published, UPDATE and "
                "DELETE fail.",
                table,
            )


def _is_identified(catalog: Catalog, table: str) -> bool:
    entry = catalog.get("table", table)
    how = entry.facts.get("replica identity") if entry else "nothing"
    if how in ("nothing", "full"):
        return how == "full"
    fact = "replica identity" if how == "an index" else "primary key"
    return any(
        i.facts.get(fact) and table_of(catalog, i) == table for i in catalog.of_kind("index")
    )
