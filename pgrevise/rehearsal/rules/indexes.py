"""Rules about building, rebuilding and dropping indexes. Those of constraints are in `scans`."""

from __future__ import annotations

from collections.abc import Iterator

from pgrevise.rehearsal.facts import Observed, Passage
from pgrevise.rehearsal.rules.evidence import (
    is_index,
    listed,
    moments,
    moments_of,
    under,
)
from pgrevise.rehearsal.rules.registry import Hit, rule

_CONCURRENTLY = (
    r"(?:CREATE (?:UNIQUE )?INDEX CONCURRENTLY|DROP INDEX CONCURRENTLY|REINDEX\b.*\bCONCURRENTLY"
    r"|ALTER TABLE\b.*\bDETACH PARTITION\b.*\bCONCURRENTLY)\b"
)
_CREATE_CONCURRENTLY = r"CREATE (?:UNIQUE )?INDEX CONCURRENTLY\b"
#: What stops a concurrent build after its index is in the catalog: duplicates, a deadlock, a lock
#: that could not be had, cancelling.
_STOPPED_HALFWAY = ("23505", "40P01", "55P03", "57014")


@rule(
    "error",
    means="An index is built on an existing table while writes to it wait.",
    hurts="CREATE INDEX reads the whole table under a SHARE lock. Every INSERT, UPDATE and DELETE "
    "waits until the index is built and the transaction ends, and whatever needs those writes "
    "waits with them.",
    instead="Build it with postgresql_concurrently=True in an autocommit_block(), in a revision "
    "that does nothing else.",
    manual="CREATE INDEX, Building Indexes Concurrently",
)
def index_blocks_writes(seen: Observed) -> Iterator[Hit]:
    """Facts: a new index on a table of before, under a lock that writes wait for."""
    for moment in moments(seen):
        if moment.says("ALTER TABLE"):
            continue
        indexes = [
            build.index
            for build in moment.built
            if build.index.kind == "index" and moment.stops(build.index.table)
        ]
        if indexes:
            tables = [index.table for index in indexes]
            yield moment.hit(
                f"Builds {listed([index.name for index in indexes])} on {listed(tables)} "
                f"{under(moment, tables)} until it is built and the transaction ends.",
                tables[0],
            )


@rule(
    "warning",
    means="An index is dropped under a lock that reads and writes of its table wait for.",
    hurts="DROP INDEX takes ACCESS EXCLUSIVE on the table too. The work is short, but it waits for "
    "every query that runs, and everybody who comes later waits behind it.",
    instead="Drop it with postgresql_concurrently=True in an autocommit_block(), in a revision "
    "that does nothing else.",
    manual="DROP INDEX",
)
def drop_index_blocks_reads(seen: Observed) -> Iterator[Hit]:
    """Facts: DROP INDEX took a lock that blocks reads of a table of before."""
    for moment in moments(seen):
        if not moment.says("DROP INDEX"):
            continue
        tables = [lock.relation.name for lock in moment.blocking if "reads" in lock.blocks]
        if tables:
            locked = [lock.relation for lock in moment.statement.locks]
            indexes = [relation.name for relation in locked if is_index(relation)]
            yield moment.hit(
                f"Drops {listed(indexes) or 'an index'} of {listed(tables)} "
                f"{under(moment, tables)} until the transaction ends.",
                tables[0],
            )


@rule(
    "error",
    means="An index is rebuilt while writes to its table, and reads through it, wait.",
    hurts="REINDEX reads the whole table under a SHARE lock and holds ACCESS EXCLUSIVE on the "
    "index: writes wait, and so does every query that might use the index, which is nearly every "
    "query on the table.",
    instead="Write REINDEX … CONCURRENTLY in an autocommit_block(), in a revision that does "
    "nothing else.",
    manual="REINDEX, Rebuilding Indexes Concurrently",
)
def reindex_blocks_writes(seen: Observed) -> Iterator[Hit]:
    """Facts: REINDEX took a lock that blocks writes of a table of before."""
    for moment in moments(seen):
        tables = [lock.relation.name for lock in moment.blocking]
        if tables and moment.says("REINDEX"):
            yield moment.hit(
                f"Rebuilds indexes of {listed(tables)} {under(moment, tables)}, and so do queries "
                "that consider the indexes.",
                tables[0],
            )


@rule(
    "error",
    means="An index is left INVALID: no query uses it, but every write maintains it.",
    hurts="A concurrent build that fails leaves its index behind, and so does CREATE INDEX … ON "
    "ONLY without an index attached for each partition. It costs what an index costs, serves no "
    "query, enforces no uniqueness, and IF NOT EXISTS takes it for done.",
    instead="Drop it and build it again, or attach an index of every partition to it.",
    manual="CREATE INDEX, Building Indexes Concurrently",
)
def invalid_index_left(seen: Observed) -> Iterator[Hit]:
    """Facts: an index that the catalog calls invalid after the upgrade, or a build stopped."""
    yield from _stopped_builds(seen.upgrade)
    if seen.after is None:
        return
    before = {entry.name for entry in seen.before.of_kind("index") if entry.facts.get("invalid")}
    for index in seen.after.of_kind("index"):
        if index.facts.get("invalid") and index.name not in before:
            table = str(index.facts.get("table", ""))
            yield Hit(
                "upgrade",
                _line_that_created(seen.upgrade, index.name),
                f"Leaves {index.name} on {table} INVALID: no query uses it, every write of "
                f"{table} maintains it.",
                table,
            )


@rule(
    "warning",
    means="A concurrent statement runs under a lock_timeout.",
    hurts="CONCURRENTLY waits for transactions that are older, of any table, and that wait holds "
    "up nobody. A lock_timeout ends it all the same, throws away the work done so far, and leaves "
    "an INVALID index (or a partition half detached).",
    instead="Set lock_timeout to 0 for this statement; it is for statements that queue others.",
    manual="CREATE INDEX, Building Indexes Concurrently",
)
def concurrent_with_lock_timeout(seen: Observed) -> Iterator[Hit]:
    """Facts: the lock_timeout in force when a concurrent statement ran."""
    for moment in moments(seen):
        if moment.statement.lock_timeout > 0 and moment.says(_CONCURRENTLY):
            yield moment.hit(
                f"Runs concurrently with a lock_timeout of {moment.statement.lock_timeout:g} s: "
                "any transaction that stays open longer makes it fail half-way."
            )


def _stopped_builds(passage: Passage) -> Iterator[Hit]:
    for moment in moments_of(passage):
        stopped = moment.statement.sqlstate in _STOPPED_HALFWAY
        outside = moment.statement.transaction is None
        if stopped and outside and moment.says(_CREATE_CONCURRENTLY):
            told = moment.statement.error.strip().splitlines()[0]
            yield moment.hit(f"The build failed half-way ({told}) and left its index INVALID.")


def _line_that_created(passage: Passage, index: str) -> int:
    name = index.rpartition(".")[2].strip('"').lower()
    for statement in passage.statements:
        if not statement.is_foreign and name in statement.sql.lower():
            return statement.line
    return 0
