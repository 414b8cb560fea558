"""Rules about partitions: what making, attaching and detaching one does to the others."""

from __future__ import annotations

from collections.abc import Iterator

from pgrevise.catalog import Catalog
from pgrevise.rehearsal.facts import Observed
from pgrevise.rehearsal.rules.evidence import (
    Moment,
    catalogs,
    is_table,
    listed,
    moments,
    under,
)
from pgrevise.rehearsal.rules.registry import Hit, rule

_DETACH = r"ALTER TABLE\b.*\bDETACH PARTITION\b(?!.*\b(?:CONCURRENTLY|FINALIZE)\b)"


@rule(
    "warning",
    means="A partition is created in place, under a lock on the whole partitioned table.",
    hurts="CREATE TABLE … PARTITION OF takes ACCESS EXCLUSIVE on the parent: every read and write "
    "of every partition waits until the transaction ends. A default partition is read as a whole "
    "besides, to prove that it holds none of the new partition's rows.",
    instead="Create the table with LIKE parent INCLUDING ALL, and attach it: that takes only SHARE "
    "UPDATE EXCLUSIVE on the parent.",
    manual="5.12.2.2 Partition Maintenance",
)
def partition_locks_parent(seen: Observed) -> Iterator[Hit]:
    """Facts: CREATE TABLE … PARTITION OF took a lock that blocks writes of a table of before."""
    for moment in moments(seen):
        tables = [lock.relation.name for lock in moment.blocking]
        if not tables or not moment.says(r"CREATE TABLE\b.*\bPARTITION OF\b"):
            continue
        scanned = [scan.relation.name for scan in moment.proving]
        also = f", and reads all of {listed(scanned)}" if scanned else ""
        found = moment.hit(
            f"Creates a partition with {listed(tables)} locked {under(moment, tables)} until the "
            f"transaction ends{also}.",
            tables[0],
        )
        yield found if not scanned else _as_error(found)


@rule(
    "error",
    means="Attaching a partition reads a whole table while reads and writes of it wait.",
    hurts="ATTACH PARTITION proves under ACCESS EXCLUSIVE that every row of the new partition "
    "belongs there, that the default partition holds none of them, and builds the indexes that "
    "the parent has and the partition lacks.",
    instead="Before, add a CHECK that says the bounds (and one to the default partition that says "
    "the opposite), NOT VALID and then validated, and build the indexes concurrently.",
    manual="5.12.2.2 Partition Maintenance; ALTER TABLE, ATTACH PARTITION",
)
def attach_scans_partition(seen: Observed) -> Iterator[Hit]:
    """Facts: a scan or an index build on a table of before, by ATTACH PARTITION."""
    for moment in moments(seen):
        if not moment.says(r"ALTER TABLE\b.*\bATTACH PARTITION\b"):
            continue
        scanned = [scan.relation.name for scan in moment.proving]
        built = [build.index for build in moment.built]
        if scanned:
            yield moment.hit(
                f"Reads all of {listed(scanned)} to prove the bounds {under(moment, scanned)}.",
                scanned[0],
            )
        elif built:
            tables = [index.table for index in built]
            yield moment.hit(
                f"Builds {listed([index.name for index in built])} on {listed(tables)} "
                f"{under(moment, tables)}.",
                tables[0],
            )


@rule(
    "warning",
    means="A partition is taken away under a lock on the whole partitioned table.",
    hurts="DETACH PARTITION, and DROP TABLE of a partition, take ACCESS EXCLUSIVE on the parent: "
    "every read and write of every partition waits until the transaction ends.",
    instead="Write DETACH PARTITION … CONCURRENTLY in an autocommit_block(), in a revision that "
    "does nothing else, and drop the table in the next. Where there is a default partition "
    "PostgreSQL refuses that; then keep the lock short, alone in its transaction.",
    manual="ALTER TABLE, DETACH PARTITION",
)
def detach_blocks_parent(seen: Observed) -> Iterator[Hit]:
    """Facts: a lock that blocks reads of a parent, by DETACH or DROP TABLE of its partition."""
    for moment in moments(seen):
        tables = [lock.relation.name for lock in moment.blocking if "reads" in lock.blocks]
        parents = _parents_of(moment, catalogs(seen, moment.passage)[0])
        if moment.says("DROP TABLE"):
            tables = [table for table in tables if table in parents]
        elif not moment.says(_DETACH):
            continue
        if tables:
            yield moment.hit(
                f"Takes a partition away with {listed(tables)} locked {under(moment, tables)} "
                "until the transaction ends.",
                parents[0] if parents else tables[0],
            )


def _parents_of(moment: Moment, catalog: Catalog) -> list[str]:
    """The partitioned tables that the tables it names and locks are partitions of."""
    parents: list[str] = []
    for lock in moment.statement.locks:
        entry = catalog.get("table", lock.relation.name)
        if entry is None or not is_table(lock.relation) or not entry.facts.get("partition bound"):
            continue
        above = entry.facts.get("parent tables")
        if lock.is_named and isinstance(above, tuple):
            parents += above
    return parents


def _as_error(hit: Hit) -> Hit:
    return Hit(hit.direction, hit.line, hit.sentence, hit.relation, hit.advice, "error")
