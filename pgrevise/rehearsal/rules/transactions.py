"""Rules about what shares a transaction, how long it holds its locks, and who ends it."""

from __future__ import annotations

from collections.abc import Iterator

from pgrevise.rehearsal.facts import Observed
from pgrevise.rehearsal.rules.evidence import (
    Held,
    Moment,
    changes_rows,
    is_data,
    listed,
    moments,
    moments_of,
    transactions,
    waiting,
)
from pgrevise.rehearsal.rules.registry import Hit, rule

#: From how many seconds on the time between statements is worth telling. A rehearsal has no rows,
#: so what takes this long is waiting for something else.
PYTHON_SECONDS = 0.5
_ENDS = r"(?:COMMIT|END|ROLLBACK|ABORT|PREPARE TRANSACTION)\b(?!.*\bTO\b)(?! PREPARED)"
_WORKS = (
    r"(?:CREATE|ALTER|DROP|COMMENT|GRANT|REVOKE|TRUNCATE|REINDEX|CLUSTER|REFRESH|REASSIGN|SECURITY"
    r"|INSERT|UPDATE|DELETE|MERGE|COPY|WITH|DO|CALL|IMPORT)\b"
)


@rule(
    "error",
    means="Rows of existing tables are read or changed while a lock of a schema change is held.",
    hurts="The schema change takes an instant, the data takes as long as there are rows, and they "
    "share a transaction: reads or writes of the locked table wait for both.",
    instead="Make two revisions: the schema change in one, the data, in batches, in another.",
    manual="13.3.1 Table-Level Locks",
)
def lock_held_during_data(seen: Observed) -> Iterator[Hit]:
    """Facts: a data statement works on tables of before while a blocking lock is held."""
    for moment in moments(seen):
        first = next(iter(moment.strong.values()), None)
        if first is None or not is_data(moment.statement):
            continue
        tables = _worked_on(moment)
        if tables:
            yield moment.hit(
                f"Works on the rows of {listed(tables)} while {first.relation.name} is locked "
                f"since line {first.statement.line} under {first.mode}: "
                f"{waiting(first.mode)} of it wait meanwhile.",
                first.relation.name,
            )


@rule(
    "warning",
    means="Python runs, or waits, between statements while a lock is held.",
    hurts="Whatever a revision computes, fetches or sleeps between two statements, others wait for "
    "it as they would for PostgreSQL.",
    instead="Compute first and lock afterwards, or make two revisions.",
    manual="13.3.1 Table-Level Locks",
)
def lock_held_during_python(seen: Observed) -> Iterator[Hit]:
    """Facts: the time between the statements of a transaction that holds a blocking lock."""
    for passage in seen.passages():
        ends = {transaction.number: transaction.ended for transaction in passage.transactions}
        for transaction in transactions(passage):
            gaps = _gaps(transaction, ends.get(transaction[0].statement.transaction or 0))
            idle = sum(seconds for seconds, _, _ in gaps)
            if idle >= PYTHON_SECONDS:
                _, moment, held = max(gaps, key=lambda gap: gap[0])
                yield moment.hit(
                    f"Python takes {idle:.1f} s between statements, most of it after this one, "
                    f"while {held.relation.name} is locked under {held.mode} since line "
                    f"{held.statement.line}.",
                    held.relation.name,
                )


@rule(
    "warning",
    means="One statement changes a whole existing table.",
    hurts="Every row it has changed stays locked until the last one is done, the table grows by as "
    "much as is updated, replicas fall behind, and when it is interrupted it begins anew.",
    instead="Walk along the primary key in batches of some thousand rows, each in a transaction of "
    "its own, in an autocommit_block() of a revision that does nothing else.",
    manual="13.3.2 Row-Level Locks; 24.1 Routine Vacuuming",
)
def backfill_in_one_statement(seen: Observed) -> Iterator[Hit]:
    """Facts: UPDATE, DELETE or MERGE scanned a table of before whose rows it may change."""
    for moment in moments(seen):
        if not changes_rows(moment.statement) or moment.says(r".*\b(?:LIMIT|FETCH FIRST|CTID)\b"):
            continue
        if moment.strong:
            continue  # lock-held-during-data says it
        tables = [
            scan.relation.name
            for scan in moment.statement.scans
            if moment.mode_on(scan.relation.name) == "ROW EXCLUSIVE"
        ]
        if tables:
            yield moment.hit(
                f"Reads all of {listed(tables)} and changes rows of it in one statement: each row "
                "stays locked until the transaction ends.",
                tables[0],
            )


@rule(
    "warning",
    means="A revision does one part in a transaction and another outside it.",
    hurts="Where it fails between the two, the first part is committed and the revision is not "
    "marked as applied: run again, it fails on what is already there.",
    instead="Make two revisions: what commits by itself stands alone.",
    manual="CREATE INDEX, Building Indexes Concurrently",
)
def mixes_concurrent_and_transactional(seen: Observed) -> Iterator[Hit]:
    """Facts: statements that change something, some in a transaction and some outside one."""
    for passage in seen.passages():
        working = [moment for moment in moments_of(passage) if moment.says(_WORKS)]
        outside = [moment for moment in working if moment.statement.transaction is None]
        inside = [moment for moment in working if moment.statement.transaction is not None]
        if outside and inside:
            lines = listed([str(line) for line in sorted({m.statement.line for m in inside})])
            yield outside[0].hit(
                f"Commits by itself, while line {lines} of the same revision runs in a "
                "transaction: a failure between them leaves half of the revision behind."
            )


@rule(
    "error",
    means="A statement that needs to stand alone runs inside a transaction, and fails.",
    hurts="CREATE INDEX CONCURRENTLY and its kin make transactions of their own; PostgreSQL "
    "refuses them inside one, so the deploy fails.",
    instead="Put it into `with op.get_context().autocommit_block():`, alone in its revision.",
    manual="CREATE INDEX, Building Indexes Concurrently",
)
def concurrently_in_transaction(seen: Observed) -> Iterator[Hit]:
    """Facts: PostgreSQL refused a statement with SQLSTATE 25001."""
    for moment in moments(seen):
        if moment.statement.sqlstate == "25001":
            yield moment.hit(f"PostgreSQL refuses it: {_first_line(moment)}.")


@rule(
    "error",
    means="A value of an enum is used in the transaction that added it, and fails.",
    hurts="ALTER TYPE … ADD VALUE may run in a transaction, but the value cannot be used before "
    "that transaction is committed.",
    instead="Add the value in a revision of its own, and use it in the next, with "
    "transaction_per_migration.",
    manual="ALTER TYPE, Notes",
)
def enum_value_in_same_transaction(seen: Observed) -> Iterator[Hit]:
    """Facts: PostgreSQL refused a statement with SQLSTATE 55P04."""
    for moment in moments(seen):
        if moment.statement.sqlstate == "55P04":
            yield moment.hit(f"PostgreSQL refuses it: {_first_line(moment)}.")


@rule(
    "error",
    means="A revision ends its transaction by itself.",
    hurts="COMMIT or ROLLBACK as a statement ends the transaction that Alembic counts on. What "
    "comes after runs in another one or in none, and when it fails the revision is half applied "
    "and not marked; some drivers lose track of the transaction altogether.",
    instead="Leave the transaction to Alembic. What has to be outside one goes into `with "
    "op.get_context().autocommit_block():`, alone in its revision.",
    manual="COMMIT",
)
def commits_by_itself(seen: Observed) -> Iterator[Hit]:
    """Facts: a transaction whose end was executed as a statement, by the revision's own code."""
    for passage in seen.passages():
        if not any(transaction.by_statement for transaction in passage.transactions):
            continue
        for moment in moments_of(passage):
            if moment.says(_ENDS) and not moment.says("DO"):
                yield moment.hit(
                    f"{moment.statement.sql.strip().rstrip(';').split()[0].upper()} ends the "
                    f"transaction of {passage.direction}(); what follows is not undone with it."
                )


def _worked_on(moment: Moment) -> list[str]:
    """The tables of before that it read as a whole or whose rows it may have changed."""
    tables = [scan.relation.name for scan in moment.statement.scans]
    if changes_rows(moment.statement):
        tables += [
            lock.relation.name
            for lock in moment.statement.locks
            if lock.mode == "ROW EXCLUSIVE" and "table" in lock.relation.kind
        ]
        tables += [
            rows.relation.name for rows in moment.statement.written if not rows.relation.is_new
        ]
    return list(dict.fromkeys(tables))


def _gaps(transaction: list[Moment], ended: float | None) -> list[tuple[float, Moment, Held]]:
    """The times after each moment that holds a blocking lock, with the lock taken first."""
    gaps = []
    ends = [moment.statement.began for moment in transaction[1:]]
    ends.append(transaction[-1].statement.ended if ended is None else ended)
    first: Held | None = None
    for moment, until in zip(transaction, ends, strict=True):
        if first is None and moment.blocking:
            lock = moment.blocking[0]
            first = Held(lock.mode, moment.statement, lock.relation)
        if first is not None:
            gaps.append((max(0.0, until - moment.statement.ended), moment, first))
    return gaps


def _first_line(moment: Moment) -> str:
    return moment.statement.error.strip().splitlines()[0].rstrip(".")
