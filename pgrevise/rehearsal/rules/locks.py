"""Rules about locks that a statement takes for what it is, and about the order of locks."""

from __future__ import annotations

from collections.abc import Iterator

from pgrevise.catalog import Catalog
from pgrevise.rehearsal.facts import Lock, Observed
from pgrevise.rehearsal.rules.evidence import (
    Moment,
    altered,
    bare,
    catalogs,
    changes_rows,
    family,
    is_data,
    is_table,
    listed,
    moments,
    moments_of,
    transactions,
    under,
)
from pgrevise.rehearsal.rules.registry import Hit, rule


@rule(
    "info",
    means="A table that the statement does not name is locked: the other side of a foreign key.",
    hurts="CREATE TABLE and ADD COLUMN with a foreign key take SHARE ROW EXCLUSIVE on the table "
    "that is referred to, and writes of it wait; DROP TABLE, DROP COLUMN and DROP CONSTRAINT take "
    "ACCESS EXCLUSIVE on it, and reads wait too. The lock is held until the transaction ends.",
    instead="Add or drop the foreign key alone, in a revision of its own, so that the lock ends at "
    "once.",
    manual="CREATE TABLE, REFERENCES; 13.3.1 Table-Level Locks",
)
def foreign_key_locks_referenced(seen: Observed) -> Iterator[Hit]:
    """Facts: a lock that blocks writes of a table of before that is not the one changed."""
    for moment in moments(seen):
        if not moment.says("(?:CREATE|DROP|ALTER) (?:FOREIGN )?TABLE") or moment.proving:
            continue
        drops_table = moment.says("DROP TABLE")
        others = _others(moment, *catalogs(seen, moment.passage))
        if not others or not (moment.following or drops_table):
            continue
        names = [lock.relation.name for lock in others]
        reads = any("reads" in lock.blocks for lock in others)
        more = f" and {moment.following} more of its statements" if moment.following else ""
        yield Hit(
            moment.passage.direction,
            moment.statement.line,
            f"Locks {listed(names)} too, {under(moment, names)} during this{more}.",
            names[0],
            severity="warning" if reads and moment.passage.direction == "upgrade" else None,
        )


@rule(
    "error",
    means="TRUNCATE keeps everybody from an existing table.",
    hurts="It takes ACCESS EXCLUSIVE on the table and on all that CASCADE reaches; what was in "
    "them is gone.",
    instead="Delete the rows in batches; or truncate alone in a revision, under a short "
    "lock_timeout, and allow it with the reason.",
    manual="TRUNCATE",
)
def truncate_blocks_reads(seen: Observed) -> Iterator[Hit]:
    """Facts: TRUNCATE took a lock that blocks reads of tables of before."""
    for moment in moments(seen):
        tables = [lock.relation.name for lock in moment.blocking]
        if tables and moment.says("TRUNCATE"):
            yield moment.hit(
                f"Empties {listed(tables)} {under(moment, tables)} until the transaction ends.",
                tables[0],
            )


@rule(
    "warning",
    means="LOCK TABLE keeps others' writes, or reads too, from an existing table.",
    hurts="The lock is held until the transaction ends, whatever the statements after it need. "
    "Schema changes take the locks that they need by themselves.",
    instead="Leave it out; where rows must not change meanwhile, lock the rows.",
    manual="LOCK",
)
def lock_table_blocks_writes(seen: Observed) -> Iterator[Hit]:
    """Facts: LOCK TABLE took a lock that blocks writes of a table of before."""
    for moment in moments(seen):
        tables = [lock.relation.name for lock in moment.blocking]
        if tables and moment.says("LOCK"):
            yield moment.hit(
                f"Locks {listed(tables)} {under(moment, tables)} until the transaction ends.",
                tables[0],
            )


@rule(
    "error",
    means="A materialized view is refreshed while reads of it wait.",
    hurts="REFRESH MATERIALIZED VIEW runs the view's query under ACCESS EXCLUSIVE on the view.",
    instead="Write REFRESH MATERIALIZED VIEW CONCURRENTLY; it needs a unique index on the view.",
    manual="REFRESH MATERIALIZED VIEW",
)
def refresh_blocks_reads(seen: Observed) -> Iterator[Hit]:
    """Facts: REFRESH took a lock that blocks reads of a materialized view of before."""
    for moment in moments(seen):
        views = [lock.relation.name for lock in moment.blocking if "reads" in lock.blocks]
        if views and moment.says("REFRESH MATERIALIZED VIEW"):
            yield moment.hit(
                f"Fills {listed(views)} {under(moment, views)} until its query is done and the "
                "transaction ends.",
                views[0],
            )


@rule(
    "info",
    means="A trigger is changed and its table stays locked for the statements after it.",
    hurts="CREATE TRIGGER, ENABLE and DISABLE TRIGGER take SHARE ROW EXCLUSIVE: writes wait. DROP "
    "TRIGGER takes ACCESS EXCLUSIVE: reads wait too. The work is an instant; the lock is held "
    "until the transaction ends.",
    instead="Change the trigger last in its transaction, and replace one with CREATE OR REPLACE "
    "TRIGGER rather than dropping it first.",
    manual="13.3.1 Table-Level Locks; CREATE TRIGGER",
)
def trigger_blocks_writes(seen: Observed) -> Iterator[Hit]:
    """Facts: a trigger's statement took a lock that blocks writes, and others follow."""
    about = r"(?:CREATE (?:OR REPLACE )?(?:CONSTRAINT )?TRIGGER|DROP TRIGGER)\b"
    for moment in moments(seen):
        tables = [lock.relation.name for lock in moment.blocking]
        if not tables or not moment.following:
            continue
        if moment.says(about) or moment.says(r"ALTER TABLE\b.*\b(?:EN|DIS)ABLE\b.*\bTRIGGER\b"):
            yield moment.hit(
                f"Keeps {listed(tables)} locked {under(moment, tables)} during "
                f"{moment.following} more of its statements.",
                tables[0],
            )


@rule(
    "warning",
    means="A lock that reads or writes wait for is asked for without a lock_timeout.",
    hurts="While the statement waits for a query that runs long, everybody who comes later waits "
    "behind it, and the table is as good as gone until that query ends.",
    instead="Set lock_timeout to a few seconds and try again when it strikes; `environment.run()` "
    "of pgrevise does both.",
    manual="19.11.1 Statement Behavior, lock_timeout",
)
def no_lock_timeout(seen: Observed) -> Iterator[Hit]:
    """Facts: a blocking lock on a relation of before while lock_timeout was 0; told once."""
    for passage in seen.passages():
        found = [
            moment
            for moment in moments_of(passage)
            if moment.statement.lock_timeout == 0 and _asks_for_a_strong_lock(moment)
        ]
        if found:
            first = found[0]
            tables = [lock.relation.name for lock in first.statement.locks if _is_strong(lock)]
            others = len(found) - 1
            more = f" So do {others} more statements." if others > 1 else ""
            more = " So does 1 more statement." if others == 1 else more
            yield first.hit(
                f"Waits for its lock on {listed(tables)} without a limit, and everybody else "
                f"behind it.{more}",
                tables[0],
            )


@rule(
    "warning",
    means="One transaction locks several tables, one after the other.",
    hurts="While it waits for the second table it holds the first. A transaction that writes them "
    "the other way round, or another revision that does, waits for it in turn: a deadlock, and "
    "PostgreSQL ends one of the two. Until then traffic on both tables stands still.",
    instead="Make it a revision for each table, so that none is held while another is waited for.",
    manual="13.3.4 Deadlocks",
)
def locks_several_tables(seen: Observed) -> Iterator[Hit]:
    """Facts: blocking locks on tables of before, not of one family, by different statements."""
    for passage in seen.passages():
        start, end = catalogs(seen, passage)
        for transaction in transactions(passage):
            taken: dict[str, tuple[Moment, str]] = {}
            steps = 0
            for moment in transaction:
                new = _newly_locked(moment, start, end, taken)
                alone = moment.says("CREATE TABLE")
                steps += len(new) if alone else bool(new)
                taken.update(new)
            if steps > 1 and len(taken) > 1:
                order = [f"{name} (line {m.statement.line})" for m, name in taken.values()]
                last, name = list(taken.values())[-1]
                yield last.hit(
                    f"The transaction locks {listed(order)} in this order and holds all of them "
                    "until it ends; traffic that writes them in another order deadlocks with it.",
                    name,
                )


@rule(
    "warning",
    means="A table whose rows the transaction has changed is locked more strongly afterwards.",
    hurts="The transaction already holds rows. A session that has touched the table and waits for "
    "one of those rows is what the stronger lock waits for: a deadlock. And with deferred "
    "constraints or triggers pending, ALTER TABLE is refused.",
    instead="Change the rows and the schema in two revisions.",
    manual="13.3.4 Deadlocks",
)
def lock_raised_after_data(seen: Observed) -> Iterator[Hit]:
    """Facts: a blocking lock on a table where the transaction only held that of changing rows."""
    for moment in moments(seen):
        if is_data(moment.statement):
            continue
        for lock in moment.blocking:
            held = moment.held.get(lock.relation.name)
            if held and held.mode == "ROW EXCLUSIVE" and changes_rows(held.statement):
                yield moment.hit(
                    f"Raises the lock on {lock.relation.name} to {lock.mode} after line "
                    f"{held.statement.line} changed rows of it: a session that waits for one of "
                    "those rows deadlocks with it.",
                    lock.relation.name,
                )


def _others(moment: Moment, start: Catalog, end: Catalog | None) -> list[Lock]:
    """The blocking locks on tables that are neither what it changes nor of one family with it."""
    if moment.says(r"CREATE TABLE\b.*\bPARTITION OF\b|ALTER TABLE\b.*\b(?:AT|DE)TACH PARTITION\b"):
        return []
    if moment.says("DROP"):
        changed = {
            lock.relation.name
            for lock in moment.blocking
            if lock.is_named or _is_dropped(lock.relation.name, start, end)
        }
    else:
        target = altered(moment.statement.sql)
        changed = {
            lock.relation.name for lock in moment.blocking if bare(lock.relation.name) == target
        }
    families = {family(start, name) for name in changed}
    return [lock for lock in moment.blocking if family(start, lock.relation.name) not in families]


def _newly_locked(
    moment: Moment,
    start: Catalog,
    end: Catalog | None,
    taken: dict[str, tuple[Moment, str]],
) -> dict[str, tuple[Moment, str]]:
    """The families of tables that it is the first to lock; those that are dropped do not count."""
    found: dict[str, tuple[Moment, str]] = {}
    for lock in moment.blocking:
        name = lock.relation.name
        top = family(start, name)
        if top not in taken and not _is_dropped(name, start, end):
            found.setdefault(top, (moment, name))
    return found


def _is_dropped(table: str, start: Catalog, end: Catalog | None) -> bool:
    return end is not None and ("table", table) in start and ("table", table) not in end


def _asks_for_a_strong_lock(moment: Moment) -> bool:
    """CONCURRENTLY takes its strong locks late, when nobody is left to queue behind it."""
    if moment.says(r".*\bCONCURRENTLY\b"):
        return False
    return any(_is_strong(lock) for lock in moment.statement.locks)


def _is_strong(lock: Lock) -> bool:
    return "writes" in lock.blocks and (is_table(lock.relation) or lock.relation.kind == "view")
