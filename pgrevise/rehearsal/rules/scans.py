"""Rules about statements that read a whole table to prove something of it, or to build a key."""

from __future__ import annotations

from collections.abc import Iterator

from pgrevise.rehearsal.facts import Observed
from pgrevise.rehearsal.rules.evidence import (
    Moment,
    altered,
    bare,
    listed,
    moments,
    transactions,
    under,
)
from pgrevise.rehearsal.rules.registry import Hit, rule

_ALTER = r"ALTER TABLE\b.*"
_NOT_NULL = _ALTER + r"(?:\bSET NOT NULL\b|\bADD (?:CONSTRAINT \S+ )?NOT NULL\b)"
_CHECK = _ALTER + r"\bADD\b.*\bCHECK ?\("
_TYPE = _ALTER + r"\bALTER (?:COLUMN )?\S+ (?:SET DATA )?TYPE\b"
_FOREIGN_KEY = _ALTER + r"\bADD\b.*(?:\bFOREIGN KEY\b|\bREFERENCES\b)"
_VALIDATE = _ALTER + r"\bVALIDATE CONSTRAINT\b"
_USING_INDEX = _ALTER + r"\bPRIMARY KEY USING INDEX\b"


@rule(
    "error",
    means="SET NOT NULL reads the whole table while reads and writes of it wait.",
    hurts="PostgreSQL looks for a NULL in every row under ACCESS EXCLUSIVE, unless a valid CHECK "
    "(column IS NOT NULL) proves that there is none.",
    instead="Add CHECK (column IS NOT NULL) NOT VALID, validate it in the next revision, and set "
    "NOT NULL and drop the check in a third. From PostgreSQL 18 on, add the NOT NULL constraint "
    "itself NOT VALID and validate it in the next revision.",
    manual="ALTER TABLE, SET NOT NULL",
)
def not_null_scans_table(seen: Observed) -> Iterator[Hit]:
    """Facts: a scan, for no index and no rewrite, by a statement that sets NOT NULL."""
    for moment in moments(seen):
        tables = _proved_under_lock(moment)
        if tables and moment.says(_NOT_NULL) and not moment.says(_USING_INDEX):
            yield moment.hit(
                f"Reads all of {listed(tables)} for NULLs {under(moment, tables)}.", tables[0]
            )


@rule(
    "error",
    means="A CHECK is proved by reading the whole table while reads and writes of it wait.",
    hurts="ADD CHECK, ADD COLUMN … CHECK and a change of the type of a column that has a CHECK "
    "test every row under ACCESS EXCLUSIVE.",
    instead="Add the CHECK with postgresql_not_valid=True, and validate it in the next revision: "
    "that lets reads and writes pass. Before a change of type, drop the CHECK.",
    manual="ALTER TABLE, ADD table_constraint; VALIDATE CONSTRAINT",
)
def check_scans_table(seen: Observed) -> Iterator[Hit]:
    """Facts: a scan, for no index and no rewrite, by a statement that adds or re-adds a CHECK."""
    for moment in moments(seen):
        tables = _proved_under_lock(moment)
        if tables and moment.says(_CHECK):
            yield moment.hit(
                f"Reads all of {listed(tables)} for the new CHECK {under(moment, tables)}.",
                tables[0],
            )
        elif tables and moment.says(_TYPE) and not moment.says(_NOT_NULL):
            tables = [table for table in tables if table not in _elsewhere(moment, tables)]
            if not tables:
                continue
            yield moment.hit(
                f"Reads all of {listed(tables)} to prove its CHECK for the new type "
                f"{under(moment, tables)}.",
                tables[0],
                "Drop the CHECK, change the type, add the CHECK with postgresql_not_valid=True, "
                "and validate it in the next revision.",
            )


@rule(
    "error",
    means="A foreign key is proved by reading the whole table while writes wait on both sides.",
    hurts="ADD FOREIGN KEY looks up every row under SHARE ROW EXCLUSIVE on the table and on the "
    "table it refers to: writes of both wait, for as long as the larger one takes.",
    instead="Add it with postgresql_not_valid=True, and validate it in the next revision: that "
    "lets reads and writes of both pass.",
    manual="ALTER TABLE, ADD table_constraint",
)
def foreign_key_scans_table(seen: Observed) -> Iterator[Hit]:
    """Facts: a scan by a statement that adds a foreign key."""
    for moment in moments(seen):
        tables = _proved_under_lock(moment)
        if moment.says(_TYPE):
            tables = _elsewhere(moment, tables)
            if tables:
                yield moment.hit(
                    f"Reads all of {listed(tables)} to prove its foreign key for the new type "
                    f"{under(moment, tables)}.",
                    tables[0],
                    "Drop the foreign key, change the type, add it with postgresql_not_valid=True, "
                    "and validate it in the next revision.",
                )
        elif tables and moment.says(_FOREIGN_KEY) and not moment.says(_CHECK):
            locked = [lock.relation.name for lock in moment.blocking] or tables
            yield moment.hit(
                f"Reads all of {listed(tables)} for the new foreign key, with {listed(locked)} "
                f"{under(moment, locked)}.",
                tables[0],
            )


@rule(
    "error",
    means="A constraint is validated in the transaction that still locks its table.",
    hurts="VALIDATE CONSTRAINT alone lets reads and writes pass. In the transaction that added the "
    "constraint, the lock of adding it is held while the whole table is read, as if it had been "
    "added valid.",
    instead="Validate it in the next revision.",
    manual="ALTER TABLE, VALIDATE CONSTRAINT",
)
def validate_in_same_transaction(seen: Observed) -> Iterator[Hit]:
    """Facts: a scan by VALIDATE while an earlier statement's lock blocks writes of the table."""
    for moment in moments(seen):
        tables = _proved_under_lock(moment)
        held = [moment.held[table] for table in tables if table in moment.held]
        if held and moment.says(_VALIDATE):
            yield moment.hit(
                f"Reads all of {listed(tables)} {under(moment, tables)}, because line "
                f"{held[0].statement.line} locked it in the same transaction.",
                tables[0],
            )


@rule(
    "error",
    means="A constraint builds its index on an existing table while reads and writes of it wait.",
    hurts="ADD UNIQUE, ADD PRIMARY KEY and ADD EXCLUDE read the whole table and build an index "
    "under ACCESS EXCLUSIVE.",
    instead="Build the unique index concurrently in a revision of its own, and add the constraint "
    "USING INDEX in the next. For EXCLUDE there is no such way: make a new table.",
    manual="ALTER TABLE, ADD table_constraint_using_index",
)
def unique_builds_index(seen: Observed) -> Iterator[Hit]:
    """Facts: ALTER TABLE built an index that was not there, on a table it did not rewrite."""
    for moment in moments(seen):
        if not moment.says("ALTER TABLE") or moment.says(_ALTER + r"\bATTACH PARTITION\b"):
            continue
        built = [build.index for build in moment.built if moment.stops(build.index.table)]
        if built:
            tables = [index.table for index in built]
            exclusion = moment.says(_ALTER + r"\bEXCLUDE\b")
            yield moment.hit(
                f"Builds {listed([index.name for index in built])} on {listed(tables)} "
                f"{under(moment, tables)} until it is built and the transaction ends.",
                tables[0],
                "An exclusion constraint cannot be added any other way: create a table that has "
                "it, copy the rows in batches, and swap the names."
                if exclusion
                else "",
            )


@rule(
    "error",
    means="A primary key over a ready index reads the whole table, because columns allow NULL.",
    hurts="PRIMARY KEY USING INDEX builds nothing, but sets NOT NULL on its columns where that is "
    "missing, and looks for a NULL in every row under ACCESS EXCLUSIVE.",
    instead="Make the columns NOT NULL first, by way of a validated CHECK.",
    manual="ALTER TABLE, ADD table_constraint_using_index",
)
def primary_key_sets_not_null(seen: Observed) -> Iterator[Hit]:
    """Facts: a scan by PRIMARY KEY USING INDEX."""
    for moment in moments(seen):
        tables = _proved_under_lock(moment)
        if tables and moment.says(_USING_INDEX):
            yield moment.hit(
                f"Reads all of {listed(tables)} for NULLs in the key's columns "
                f"{under(moment, tables)}.",
                tables[0],
            )


@rule(
    "error",
    means="A constraint of a domain is proved by reading every table that uses the domain.",
    hurts="ALTER DOMAIN tests the values of every column of that type, one table after the other, "
    "and holds a SHARE lock on each until the transaction ends: writes of all of them wait.",
    instead="Add the constraint NOT VALID, and validate it in the next revision; better, have "
    "CHECKs on the tables instead of constraints on domains.",
    manual="ALTER DOMAIN",
)
def domain_scans_tables(seen: Observed) -> Iterator[Hit]:
    """Facts: scans under a lock that blocks writes, by ALTER DOMAIN."""
    for moment in moments(seen):
        tables = _proved_under_lock(moment)
        if tables and moment.says("ALTER DOMAIN"):
            yield moment.hit(
                f"Reads all of {listed(tables)} for the domain's constraint "
                f"{under(moment, tables)}.",
                tables[0],
            )


@rule(
    "warning",
    means="One transaction reads or rewrites the same table several times.",
    hurts="Each ALTER TABLE goes over the whole table on its own, and the locks of the first are "
    "held during the last. One ALTER TABLE with several actions goes over it once.",
    instead="Write the actions into one statement, with op.execute() or op.batch_alter_table().",
    manual="ALTER TABLE, Description",
)
def repeated_scans(seen: Observed) -> Iterator[Hit]:
    """Facts: more than one ALTER TABLE of a transaction scanned or rewrote one table."""
    for passage in seen.passages():
        for transaction in transactions(passage):
            passes: dict[str, list[Moment]] = {}
            for moment in transaction:
                if moment.says("ALTER TABLE") and not _proves_a_reference(moment):
                    for table in _gone_over(moment):
                        passes.setdefault(table, []).append(moment)
            for table, several in passes.items():
                if len(several) > 1:
                    lines = listed([str(moment.statement.line) for moment in several])
                    yield Hit(
                        passage.direction,
                        several[-1].statement.line,
                        f"Goes over all of {table} for the {_ordinal(len(several))} time in one "
                        f"transaction (lines {lines}); one ALTER TABLE would do it once.",
                        table,
                        severity=None if several[-1].stops(table) else "info",
                    )


def _proved_under_lock(moment: Moment) -> list[str]:
    """The tables that it read to prove something, while others' reads or writes waited."""
    return [scan.relation.name for scan in moment.proving if moment.stops(scan.relation.name)]


def _proves_a_reference(moment: Moment) -> bool:
    """A foreign key is proved by a query of its own, which no other action can share."""
    reads_the_other_side = any(lock.mode == "ROW SHARE" for lock in moment.statement.locks)
    return reads_the_other_side or moment.says(_FOREIGN_KEY)


def _elsewhere(moment: Moment, tables: list[str]) -> list[str]:
    """Those that a change of type proves although it is about another: they refer to it."""
    target = altered(moment.statement.sql)
    return [table for table in tables if bare(table) != target]


def _gone_over(moment: Moment) -> list[str]:
    tables = [scan.relation.name for scan in moment.proving]
    tables += [rewrite.relation.name for rewrite in moment.rewritten]
    return list(dict.fromkeys(tables))


def _ordinal(number: int) -> str:
    words = {2: "second", 3: "third", 4: "fourth"}
    return words.get(number, f"{number}th")
