"""Observed revisions made of plain SQL: real catalogs and notices, without running Alembic.

Line 1 of the revision is its first statement's, and so on. What only the observer can tell (locks,
scans) is not there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import psycopg

from pgrevise import catalog
from pgrevise.catalog import Catalog
from pgrevise.postgres.connect import connect
from pgrevise.postgres.target import Target
from pgrevise.rehearsal.facts import (
    Direction,
    Finding,
    Observed,
    Outcome,
    Passage,
    Relation,
    Revision,
    Scan,
    Statement,
)
from pgrevise.rehearsal.rules.registry import rules

REVISION = Revision("202601010001", "Change", "versions/202601010001_change.py")


def observe(
    database: Target,
    parent: str,
    upgrade: Sequence[str],
    downgrade: Sequence[str] = (),
    *,
    docstring: str = "",
    source: str = "",
    naming: tuple[tuple[str, str], ...] = (),
) -> Observed:
    """Run a revision up, down and up on top of ``parent``."""
    with connect(database) as connection:
        connection.execute(parent.encode())
        connection.commit()
        before = _read(connection)
        up = _pass(connection, "upgrade", upgrade)
        after = _read(connection)
        down = _pass(connection, "downgrade", downgrade)
        restored = _read(connection)
        again = _pass(connection, "second_upgrade", upgrade)
        second = _read(connection)
    return Observed(
        replace(REVISION, docstring=docstring, source=source),
        before,
        up,
        down,
        again,
        after=after,
        changes=tuple(catalog.diff(before, after)),
        differences=tuple(catalog.diff(before, restored)),
        second_differences=() if again.error else tuple(catalog.diff(after, second)),
        naming=naming,
    )


def with_scan(seen: Observed, line: int, table: str) -> Observed:
    """As if the statement of that line of the upgrade had read the whole table."""
    statements = tuple(
        replace(s, scans=(Scan(Relation(table)),)) if s.line == line else s
        for s in seen.upgrade.statements
    )
    return replace(seen, upgrade=replace(seen.upgrade, statements=statements))


def found(seen: Observed, rule: str) -> list[Finding]:
    """What one rule finds, as findings on the way up or down without their severity lowered."""
    record = rules()[rule]
    return [
        Finding(
            rule,
            hit.severity or record.severity,
            seen.revision.identifier,
            hit.direction,
            seen.revision.file,
            hit.line,
            hit.sentence,
            hit.advice or record.instead,
            hit.relation,
        )
        for hit in record.judge(seen)
    ]


def sentences(seen: Observed, rule: str) -> list[str]:
    return [finding.sentence for finding in found(seen, rule)]


def passage(direction: Direction, outcome: Outcome = "done", error: str = "") -> Passage:
    return Passage(direction, outcome, error)


def _read(connection: psycopg.Connection) -> Catalog:
    names = connection.execute(
        "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_|^information_schema$' "
        "ORDER BY nspname <> 'public', nspname"
    ).fetchall()
    read = catalog.read(connection, [str(name) for (name,) in names])
    connection.commit()
    return read


def _pass(
    connection: psycopg.Connection, direction: Direction, statements: Sequence[str]
) -> Passage:
    """Each statement commits by itself; the first that fails ends the passage."""
    seen = []
    heard: list[str] = []
    connection.add_notice_handler(lambda notice: heard.append(notice.message_primary or ""))
    for number, sql in enumerate(statements, 1):
        heard.clear()
        error = ""
        try:
            connection.execute(sql.encode())
            connection.commit()
        except psycopg.Error as failure:
            error = str(failure)
            connection.rollback()
        seen.append(
            Statement(number, sql, REVISION.file, number, notices=tuple(heard), error=error)
        )
        if error:
            return Passage(direction, "failed", error, number, statements=tuple(seen))
    return Passage(direction, statements=tuple(seen))
