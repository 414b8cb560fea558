"""Rules about tables that are written anew and indexes that come along."""

from __future__ import annotations

from collections.abc import Iterator

from pgrevise.catalog import Catalog
from pgrevise.rehearsal.facts import Observed, Rewrite, Statement
from pgrevise.rehearsal.rules.common import column_changes, statement_for, table_name
from pgrevise.rehearsal.rules.evidence import Moment, catalogs, listed, moments, says, under
from pgrevise.rehearsal.rules.registry import Hit, rule

_CHANGES_TYPE = r"ALTER TABLE\b.*\bALTER (?:COLUMN )?\S+ (?:SET DATA )?TYPE\b"
#: Statements that give a table a new file and have rules of their own.
_OTHERS = r"(?:TRUNCATE|REFRESH MATERIALIZED VIEW)\b"
_COLUMN = "a column's default"
_TYPE = "a column's type"


@rule(
    "error",
    means="Adding a column writes the whole table anew while reads and writes of it wait.",
    hurts="A volatile default, serial, identity, a stored generated column or a type that is a "
    "domain with constraints gives each row its own value, so PostgreSQL copies the table and "
    "builds all its indexes again under ACCESS EXCLUSIVE. A default that is the same for all rows "
    "costs nothing.",
    instead="Add the column without it, set the default for new rows, and fill the old ones in "
    "batches, in revisions of their own.",
    manual="ALTER TABLE, Notes",
)
def column_rewrites_table(seen: Observed) -> Iterator[Hit]:
    """Facts: a rewrite whose reason is a column's default."""
    for moment in moments(seen):
        tables = _rewritten(moment, _COLUMN)
        if tables:
            why, advice = _why(moment, tables[0], *catalogs(seen, moment.passage))
            yield moment.hit(
                f"{why} rewrites {listed(tables)} {under(moment, tables)} until every row is "
                "copied and every index built again.",
                tables[0],
                advice,
            )


@rule(
    "error",
    means="Changing a column's type writes the whole table anew while reads and writes wait.",
    hurts="Where the stored form of the values changes, PostgreSQL copies the table and builds all "
    "its indexes again under ACCESS EXCLUSIVE. Widening a varchar, varchar to text and a larger "
    "precision of numeric change nothing that is stored, and cost nothing.",
    instead="Add a column of the new type, keep both equal with a trigger, fill it in batches, and "
    "swap them.",
    manual="ALTER TABLE, Notes",
)
def type_change_rewrites_table(seen: Observed) -> Iterator[Hit]:
    """Facts: a rewrite whose reason is a column's type."""
    for moment in moments(seen):
        tables = _rewritten(moment, _TYPE)
        if tables:
            yield moment.hit(
                f"The change of type rewrites {listed(tables)} {under(moment, tables)} until every "
                "row is copied and every index built again.",
                tables[0],
            )


@rule(
    "error",
    means="Storing a table differently writes it anew while reads and writes of it wait.",
    hurts="SET LOGGED, SET UNLOGGED, SET TABLESPACE, SET ACCESS METHOD, CLUSTER and VACUUM FULL "
    "copy the whole table under ACCESS EXCLUSIVE.",
    instead="Create a table that is stored as wanted, copy the rows in batches, and swap the "
    "names; or do it in a maintenance window.",
    manual="ALTER TABLE, Description",
)
def storage_change_rewrites_table(seen: Observed) -> Iterator[Hit]:
    """Facts: a rewrite for any other reason."""
    for moment in moments(seen):
        tables = _rewritten(moment, "")
        if tables:
            yield moment.hit(
                f"Stores {listed(tables)} anew {under(moment, tables)} until every row is copied.",
                tables[0],
            )


@rule(
    "error",
    means="Changing a column's type leaves the table as it is but builds its indexes again.",
    hurts="Between timestamp and timestamptz (where the session is in UTC) or between collations "
    "the rows stay, yet every index on the column is built again under ACCESS EXCLUSIVE: reads and "
    "writes wait for as long as that takes.",
    instead="Drop the index concurrently, change the type, and build the index concurrently, each "
    "in a revision of its own.",
    manual="ALTER TABLE, Notes",
)
def type_change_rebuilds_index(seen: Observed) -> Iterator[Hit]:
    """Facts: ALTER TABLE built an index of before again, on a table it did not rewrite."""
    for moment in moments(seen):
        if moment.rebuilt and moment.says("ALTER TABLE"):
            tables = [index.table for index in moment.rebuilt]
            names = [index.name for index in moment.rebuilt]
            yield moment.hit(
                f"The change of type builds {listed(names)} on {listed(tables)} again "
                f"{under(moment, tables)}, although no row is rewritten.",
                tables[0],
            )


def _rewritten(moment: Moment, reason: str) -> list[str]:
    """The tables that it rewrote for this reason; "" stands for every other one."""
    if moment.says(_OTHERS):
        return []
    return [found.relation.name for found in moment.rewritten if _reason(moment, found) == reason]


def _reason(moment: Moment, found: Rewrite) -> str:
    told = found.reason
    if _TYPE in told or (not told and moment.says(_CHANGES_TYPE)):
        return _TYPE
    return _COLUMN if _COLUMN in told else ""


def _why(moment: Moment, table: str, start: Catalog, end: Catalog | None) -> tuple[str, str]:
    """What about the column needs the copy, and what to write instead when that is special."""
    if moment.says(r"ALTER TABLE\b.*\bADD (?:COLUMN )?.* (?:BIG|SMALL)?SERIAL[248]?\b"):
        return (
            "A serial column",
            "Add a nullable bigint column, create the sequence, make nextval() the default for new "
            "rows, and number the old ones in batches.",
        )
    if moment.says(r"ALTER TABLE\b.*\bAS IDENTITY\b"):
        return (
            "An identity column",
            "Add a nullable bigint column, number the rows in batches from a sequence, and make it "
            "an identity once it is NOT NULL.",
        )
    if moment.says(r"ALTER TABLE\b.*\bSTORED\b"):
        return (
            "A stored generated column",
            "Add an ordinary column, let a trigger fill it for new rows and fill the old ones in "
            "batches; from PostgreSQL 18 on, a VIRTUAL column costs nothing.",
        )
    domain = _constrained_domain(table, start, end)
    if domain:
        return (
            f"A column of {domain}, a domain with constraints,",
            "Add a column of the domain's base type, and the constraint as a CHECK … NOT VALID "
            "that a later revision validates.",
        )
    if moment.says(r"ALTER TABLE\b.*\bSET EXPRESSION\b"):
        return "A new generation expression", ""
    return (
        "A volatile default",
        "Add the column without a default, set the default in a second statement, and fill the old "
        "rows in batches, in a revision of its own.",
    )


def _constrained_domain(table: str, start: Catalog, end: Catalog | None) -> str:
    """The domain with constraints that is the type of a new column of the table, or ""."""
    if end is None:
        return ""
    constrained = {
        entry.parent[1]
        for entry in end.of_kind("constraint")
        if entry.parent and entry.parent[0] == "domain"
    } | {entry.name for entry in end.of_kind("domain") if entry.facts.get("NOT NULL")}
    for column in end.of_kind("column"):
        is_new = column.parent == ("table", table) and column.address not in start
        if is_new and column.facts.get("type") in constrained:
            return str(column.facts["type"])
    return ""


@rule(
    "warning",
    means="Whether a change between timestamp and timestamptz copies the table depends on the "
    "session's time zone.",
    hurts="Nothing is written here, where TimeZone is UTC. In a session of any other zone "
    "PostgreSQL converts each value by it, copies the table under ACCESS EXCLUSIVE, and times of "
    "the same rows mean something else than on a server in another zone.",
    instead="Say the zone in the revision, before the change, and in the downgrade too: "
    "op.execute(\"SET LOCAL TIME ZONE 'UTC'\"). For values of another zone add a new column.",
    manual="8.5.1.3 Time Stamps",
)
def type_change_depends_on_time_zone(seen: Observed) -> Iterator[Hit]:
    """Facts: a column's type changed so, and nothing in its passage sets the zone before."""
    changed = {
        change.name
        for change in column_changes(seen, "changed", "type")
        if {_zone(str(change.was)), _zone(str(change.now))} == {"with", "without"}
    }
    statement = statement_for(seen.upgrade, r"\bTYPE\b") if changed else None
    if statement is None or _sets_zone(seen, statement):
        return
    for name in sorted(changed):
        table = table_name(name)
        issued = statement_for(seen.upgrade, r"\bTYPE\b", table, name) or statement
        if any(rewrite.relation.kind != "index" for rewrite in issued.rewrites):
            continue
        yield Hit(
            "upgrade",
            issued.line,
            f"Column {name} is converted by the session's TimeZone: free in UTC, as here, a copy "
            "of the table in any other.",
            relation=table,
        )


def _zone(kind: str) -> str:
    """Whether a type is a timestamp "with" or "without" time zone, "" for any other."""
    if not kind.startswith("timestamp"):
        return ""
    return "without" if "without" in kind else "with"


def _sets_zone(seen: Observed, before: Statement) -> bool:
    """Whether the upgrade says the time zone before a statement."""
    return any(
        says(statement.sql, r"SET (?:LOCAL |SESSION )?(?:TIME ?ZONE)\b")
        for statement in seen.upgrade.statements
        if statement.began < before.began
    )
