"""What was observed, and what is said about it: the types that the rest of the act passes on.

Frozen data, no database and no judgement. Times are seconds, ``began`` and ``ended`` count from the
beginning of the passage; sizes are bytes. Relations are named as SQL writes them; the schema
"public" is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from pgrevise.catalog import Catalog, Change, Entry
from pgrevise.rehearsal.modes import Blocked, Mode, blocks

if TYPE_CHECKING:
    from pgrevise.rehearsal.trial.facts import Trial

Direction = Literal["upgrade", "downgrade", "second_upgrade"]
#: "refused" is a downgrade that raises on purpose; "skipped" was not tried, ``error`` says why.
Outcome = Literal["done", "failed", "refused", "hung", "skipped"]
Severity = Literal["error", "warning", "info"]

SEVERITIES: tuple[Severity, ...] = ("info", "warning", "error")


@dataclass(frozen=True, order=True)
class Relation:
    """A table or something like it; ``kind`` in the catalog's words: "table", "index", "view".

    ``table`` is what an index belongs to. ``is_new`` when it was not there before the passage.
    """

    name: str
    kind: str = "table"
    table: str = ""
    is_new: bool = False


@dataclass(frozen=True)
class Lock:
    """A lock newly taken on a relation that was there before the passage.

    It was held from ``began``, when its statement began, for ``held`` seconds, until its
    transaction ended (or, outside a transaction, until the statement did). ``is_named`` tells
    whether the statement names the relation; it is False for the referenced side of a foreign key,
    for parents and partitions, for indexes that come along.
    """

    relation: Relation
    mode: Mode
    began: float
    held: float
    is_named: bool = True

    @property
    def blocks(self) -> tuple[Blocked, ...]:
        """What others cannot do with the relation meanwhile."""
        return blocks(self.mode)


@dataclass(frozen=True)
class Rewrite:
    """A table, materialized view or index of before that got a new file.

    ``reason`` is PostgreSQL's own where it tells one ("a column's default", "a column's type", "its
    persistence", "its access method"), else "" (TRUNCATE, CLUSTER, VACUUM FULL, SET TABLESPACE).
    """

    relation: Relation
    reason: str = ""


@dataclass(frozen=True)
class IndexBuild:
    """An index on a table of before that was built: new, or with ``was_there`` built again."""

    index: Relation
    was_there: bool = False


@dataclass(frozen=True)
class Scan:
    """``count`` full scans of a table that was there before, by one statement."""

    relation: Relation
    count: int = 1


@dataclass(frozen=True)
class Written:
    """Rows that one statement wrote."""

    relation: Relation
    inserted: int = 0
    updated: int = 0
    deleted: int = 0


@dataclass(frozen=True)
class Statement:
    """One statement and what PostgreSQL did for it.

    ``number`` counts from 1 in its passage. ``file`` and ``line`` are where the revision file
    issued it (the innermost frame of that file), ``source`` is that line; a statement that came
    from elsewhere (``env.py``, Alembic itself) has line 0 and ``is_foreign``. ``connection`` counts
    the sessions of the passage from 1. ``transaction`` is the number of its transaction, None
    outside one. ``lock_timeout`` is what was in force, 0 for none. ``error`` is PostgreSQL's
    message when it failed, ``notices`` are its other messages.
    """

    number: int
    sql: str
    file: str = ""
    line: int = 0
    source: str = ""
    is_foreign: bool = False
    connection: int = 1
    transaction: int | None = None
    began: float = 0.0
    seconds: float = 0.0
    locks: tuple[Lock, ...] = ()
    rewrites: tuple[Rewrite, ...] = ()
    builds: tuple[IndexBuild, ...] = ()
    scans: tuple[Scan, ...] = ()
    written: tuple[Written, ...] = ()
    wal_bytes: int = 0
    temporary_bytes: int = 0
    lock_timeout: float = 0.0
    notices: tuple[str, ...] = ()
    error: str = ""
    sqlstate: str = ""

    @property
    def ended(self) -> float:
        """When it ended."""
        return self.began + self.seconds


@dataclass(frozen=True)
class Transaction:
    """One transaction of a passage; ``by_statement`` when its end was executed as SQL text."""

    number: int
    connection: int
    began: float
    ended: float
    is_committed: bool = True
    by_statement: bool = False


@dataclass(frozen=True)
class Passage:
    """One way through a revision: ``upgrade()`` or ``downgrade()`` run once.

    ``error`` says in words what went wrong, with ``error_line`` of the revision file (0 when it was
    elsewhere); for a passage that hung it is what PostgreSQL was waiting for. ``output`` is what
    the project's code printed, cut. ``unseen_sessions`` counts sessions that were opened beside
    SQLAlchemy, whose statements could not be observed; ``threads`` those left running.
    """

    direction: Direction
    outcome: Outcome = "done"
    error: str = ""
    error_line: int = 0
    seconds: float = 0.0
    statements: tuple[Statement, ...] = ()
    transactions: tuple[Transaction, ...] = ()
    output: str = ""
    unseen_sessions: int = 0
    threads: int = 0

    def locks(self) -> Iterator[tuple[Statement, Lock]]:
        """Every lock with the statement that took it."""
        for statement in self.statements:
            for lock in statement.locks:
                yield statement, lock

    def of_transaction(self, number: int) -> tuple[Statement, ...]:
        """The statements of one transaction, in their order."""
        return tuple(s for s in self.statements if s.transaction == number)

    def blocked(self, relation: str, what: Blocked) -> float:
        """For how many seconds in all something was blocked on a relation: the union of its locks.

        A relation that was not locked gives 0.
        """
        spans = sorted(
            (lock.began, lock.began + lock.held)
            for _, lock in self.locks()
            if lock.relation.name == relation and what in lock.blocks
        )
        total = reached = 0.0
        for began, ended in spans:
            total += max(0.0, ended - max(began, reached))
            reached = max(reached, ended)
        return total


@dataclass(frozen=True)
class Revision:
    """A revision file. ``file`` is relative to the project; ``source`` is its whole text."""

    identifier: str
    subject: str
    file: str
    parents: tuple[str, ...] = ()
    docstring: str = ""
    source: str = ""


@dataclass(frozen=True)
class Observed:
    """A revision, run up, down and up again from ``before``, the catalog at its parent.

    ``after`` is the catalog after the first upgrade (None when that failed) and ``changes`` how it
    differs from ``before``. ``differences`` is what the downgrade left different from ``before``,
    ``second_differences`` what the second upgrade did from ``after``. ``naming`` is the naming
    convention of the project's models by prefix ("ix", "uq", "ck", "fk", "pk"), as far as it could
    be had. ``server`` is the major version it ran on. ``trial`` is what came of it with rows, None
    when it touches no table of before or was not tried so.
    """

    revision: Revision
    before: Catalog
    upgrade: Passage
    downgrade: Passage
    second_upgrade: Passage
    after: Catalog | None = None
    changes: tuple[Change, ...] = ()
    differences: tuple[Change, ...] = ()
    second_differences: tuple[Change, ...] = ()
    naming: tuple[tuple[str, str], ...] = ()
    server: int = 17
    trial: Trial | None = None

    @cached_property
    def touched(self) -> tuple[Entry, ...]:
        """What of the catalog after the upgrade was not there before, or may be different now."""
        if self.after is None:
            return ()
        before = self.before.by_address
        return tuple(e for e in self.after if before.get(e.address) is not e)

    def passages(self) -> tuple[Passage, Passage]:
        """The two that rules look at: up and down."""
        return (self.upgrade, self.downgrade)


@dataclass(frozen=True)
class AtOnce:
    """Several revisions applied in one run, beside what applying them one by one gave.

    ``revision`` is the one that failed, with ``error`` and ``error_line``, or the last of them.
    ``changes`` is what the schema is instead of what it was step by step.
    """

    revision: Revision
    error: str = ""
    error_line: int = 0
    changes: tuple[Change, ...] = ()
    server: int = 17


@dataclass(frozen=True)
class Finding:
    """What a rule found: a sentence with the actual names, and what to write instead.

    ``line`` is of ``file``, 0 for the file as a whole. ``allowed`` is the reason given in the
    project for letting it pass, "" when it counts.
    """

    rule: str
    severity: Severity
    revision: str
    direction: Direction
    file: str
    line: int
    sentence: str
    advice: str
    relation: str = ""
    allowed: str = ""


#: What became of each passage, told apart.
#: An upgrade is "not tried" when a revision before it could not be applied.
UpgradeVerdict = Literal["works", "fails", "hangs", "not tried"]
DowngradeVerdict = Literal[
    "restores",
    "raises on purpose",
    "fails",
    "hangs",
    "leaves a different schema",
    "is empty",
    "differs in column order only",
    "leaves what PostgreSQL cannot undo",
    "not tried",
]
SecondVerdict = Literal["same", "differs", "fails", "hangs", "not tried"]
#: "works" when there is no downgrade to come back with.
RowsVerdict = Literal[
    "keeps every value",
    "works",
    "changes values",
    "loses values",
    "fails",
    "hangs",
    "downgrade fails",
    "downgrade hangs",
    "not tried",
]


@dataclass(frozen=True)
class Verdict:
    """What is said of one revision; ``differences`` are the sentences of what a downgrade left.

    The first three are of empty tables, ``with_rows`` is of filled ones.
    """

    upgrade: UpgradeVerdict
    downgrade: DowngradeVerdict
    second_upgrade: SecondVerdict
    differences: tuple[str, ...] = ()
    words: str = ""
    with_rows: RowsVerdict = "not tried"


@dataclass(frozen=True)
class Rehearsed:
    """One revision of a report: what was observed, what is said of it, what the rules found."""

    observed: Observed
    verdict: Verdict
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Rehearsal:
    """A whole report. ``selection`` says in words which revisions were asked for and why.

    ``server`` is the version string of the PostgreSQL it ran on ("17.6"). ``findings`` are those
    about the history rather than one revision. ``notes`` are things worth knowing about the run.
    """

    selection: str
    server: str
    revisions: tuple[Rehearsed, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    root: str = field(default="", compare=False)

    def all_findings(self) -> tuple[Finding, ...]:
        """Every finding, in the order of the revisions; those that are allowed too."""
        of_revisions = (f for rehearsed in self.revisions for f in rehearsed.findings)
        return (*of_revisions, *self.findings)

    def counted(self, least: Severity = "info") -> tuple[Finding, ...]:
        """The findings that are not allowed and at least so severe."""
        wanted = SEVERITIES[SEVERITIES.index(least) :]
        return tuple(f for f in self.all_findings() if not f.allowed and f.severity in wanted)
