"""Rehearsals made by hand, as PostgreSQL 17 would let them come out: what the reports are shown.

Each function gives one revision; `everything` is a report on all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pgrevise.catalog import Catalog, Change
from pgrevise.rehearsal.facts import (
    Finding,
    IndexBuild,
    Lock,
    Observed,
    Passage,
    Rehearsal,
    Rehearsed,
    Relation,
    Revision,
    Rewrite,
    Scan,
    Statement,
    Transaction,
    Verdict,
    Written,
)
from pgrevise.rehearsal.modes import Mode

EMPTY = Catalog((), 17, ("public",))
JOBS = Relation("queue_jobs")
QUEUES = Relation("queues")
JOBS_KEY = Relation("pk_queue_jobs", "index", "queue_jobs")
VERSION_UPDATE = "UPDATE alembic_version SET version_num='{}'"


def everything() -> Rehearsal:
    """A report on all of the samples."""
    return Rehearsal(
        "the 9 revisions that this branch adds to main",
        "17.6",
        (
            clean(),
            blocking_index(),
            type_change(),
            foreign_key(),
            concurrently(),
            failing(),
            leaving_differences(),
            hung(),
            long(),
        ),
        (
            Finding(
                "two-heads",
                "warning",
                "",
                "upgrade",
                "migrations/versions",
                0,
                "The history has the heads 202505010900 and 202505021000.",
                "Rebase one of them: invoke db.rebase.",
            ),
        ),
        ("1 statement of 202505021000 went through a session that SQLAlchemy did not open.",),
        seconds=6.42,
        root="/project",
    )


def of(*revisions: Rehearsed) -> Rehearsal:
    """A report on these alone."""
    return Rehearsal("the revisions named", "17.6", revisions, seconds=1.5)


def clean() -> Rehearsed:
    """A new table: nothing that was there before is touched."""
    up = "    op.create_table(\n        'holidays',\n        sa.Column('day', sa.Date()),\n    )\n"
    revision = made("202505010900", "create holidays", up, "    op.drop_table('holidays')\n")
    upgrade = passage(
        revision,
        [issued(revision, "create_table", "CREATE TABLE holidays (day DATE)", 0.0021)],
    )
    downgrade = passage(
        revision,
        [issued(revision, "drop_table", "DROP TABLE holidays", 0.0012)],
        direction="downgrade",
    )
    return rehearsed(revision, upgrade, downgrade)


def blocking_index() -> Rehearsed:
    """An index that is built while writers wait, and one that is allowed to."""
    up = (
        "    op.add_column('queue_jobs', sa.Column('region', sa.Text()))\n"
        "    op.create_index(  # the claim query's\n"
        "        'ix_queue_jobs_region',\n"
        "        'queue_jobs',\n"
        "        ['region', 'status'],\n"
        "    )\n"
        "    # pgrevise: allow index-blocks-writes -- queues has forty rows\n"
        "    op.create_index('ix_queues_name', 'queues', ['name'])\n"
    )
    down = (
        "    op.drop_index('ix_queues_name', 'queues')\n"
        "    op.drop_column('queue_jobs', 'region')\n"
    )
    revision = made("202505010930", "index jobs by region", up, down)
    region = Relation("ix_queue_jobs_region", "index", "queue_jobs", is_new=True)
    name = Relation("ix_queues_name", "index", "queues", is_new=True)
    upgrade = passage(
        revision,
        [
            issued(
                revision,
                "add_column",
                "ALTER TABLE queue_jobs ADD COLUMN region TEXT",
                0.0012,
                locks=(held("ACCESS EXCLUSIVE", JOBS),),
            ),
            issued(
                revision,
                "create_index(  #",
                "CREATE INDEX ix_queue_jobs_region ON queue_jobs (region, status)",
                0.0341,
                locks=(held("SHARE", JOBS),),
                builds=(IndexBuild(region),),
                scans=(Scan(JOBS),),
                wal_bytes=1_310_720,
            ),
            issued(
                revision,
                "create_index('ix_queues",
                "CREATE INDEX ix_queues_name ON queues (name)",
                0.0018,
                locks=(held("SHARE", QUEUES),),
                builds=(IndexBuild(name),),
                scans=(Scan(QUEUES),),
            ),
        ],
    )
    downgrade = passage(
        revision,
        [
            issued(
                revision,
                "drop_index",
                "DROP INDEX ix_queues_name",
                0.0009,
                locks=(
                    held("ACCESS EXCLUSIVE", QUEUES, is_named=False),
                    held("ACCESS EXCLUSIVE", Relation("ix_queues_name", "index", "queues")),
                ),
            ),
            issued(
                revision,
                "drop_column",
                "ALTER TABLE queue_jobs DROP COLUMN region",
                0.0011,
                locks=(held("ACCESS EXCLUSIVE", JOBS),),
            ),
        ],
        direction="downgrade",
    )
    blocks = found(
        revision,
        "index-blocks-writes",
        "error",
        "create_index(  #",
        "Writes to queue_jobs wait while ix_queue_jobs_region is built.",
        "Build it in a revision of its own, beside the traffic:\n"
        "    with op.get_context().autocommit_block():\n"
        "        op.create_index(..., postgresql_concurrently=True)",
        relation="queue_jobs",
    )
    return rehearsed(
        revision,
        upgrade,
        downgrade,
        findings=(
            blocks,
            replace(
                blocks,
                line=line_of(revision, "create_index('ix_queues"),
                sentence="Writes to queues wait while ix_queues_name is built.",
                relation="queues",
                allowed="queues has forty rows",
            ),
        ),
    )


def type_change() -> Rehearsed:
    """A table that is written anew under the strongest lock, while Python thinks."""
    up = (
        "    op.alter_column('queue_jobs', 'attempts', type_=sa.BigInteger())\n"
        "    jobs = fetch_the_limits()\n"
        "    op.execute('UPDATE queue_jobs SET attempts = 0 WHERE attempts IS NULL')\n"
    )
    down = "    op.alter_column('queue_jobs', 'attempts', type_=sa.Integer())\n"
    revision = made("202505011000", "count attempts in bigint", up, down)
    upgrade = passage(
        revision,
        [
            issued(
                revision,
                "BigInteger",
                "ALTER TABLE queue_jobs ALTER COLUMN attempts TYPE BIGINT",
                0.152,
                locks=(held("ACCESS EXCLUSIVE", JOBS), held("ACCESS EXCLUSIVE", JOBS_KEY)),
                rewrites=(Rewrite(JOBS, "a column's type"),),
                builds=(IndexBuild(JOBS_KEY, was_there=True),),
                wal_bytes=48_000_000,
                temporary_bytes=9_000_000,
            ),
            issued(
                revision,
                "UPDATE",
                "UPDATE queue_jobs SET attempts = 0 WHERE attempts IS NULL",
                0.044,
                pause=0.21,
                scans=(Scan(JOBS),),
                written=(Written(JOBS, updated=12_000),),
                locks=(held("ROW EXCLUSIVE", JOBS),),
            ),
        ],
    )
    downgrade = passage(
        revision,
        [
            issued(
                revision,
                "Integer())",
                "ALTER TABLE queue_jobs ALTER COLUMN attempts TYPE INTEGER",
                0.131,
                locks=(held("ACCESS EXCLUSIVE", JOBS),),
                rewrites=(Rewrite(JOBS, "a column's type"),),
                where="down",
            )
        ],
        direction="downgrade",
    )
    rewrite = found(
        revision,
        "type-change-rewrites-table",
        "error",
        "BigInteger",
        "Nobody can read queue_jobs while all of it is rewritten for a column's type.",
        "Add a column of the new type, keep both equal with a trigger, backfill, and swap.",
        relation="queue_jobs",
    )
    down_rewrite = replace(
        rewrite, direction="downgrade", severity="warning", line=line_of(revision, "Integer())", -1)
    )
    waits = found(
        revision,
        "lock-held-while-python-runs",
        "warning",
        "UPDATE",
        "queue_jobs stays locked for 0.21 s in which no statement runs.",
        "Fetch what is needed before the first statement.",
        relation="queue_jobs",
    )
    return rehearsed(revision, upgrade, downgrade, findings=(rewrite, waits, down_rewrite))


def foreign_key() -> Rehearsed:
    """A foreign key, which locks the table that it refers to."""
    up = (
        "    op.create_foreign_key(\n"
        "        'fk_queue_jobs_queue_id', 'queue_jobs', 'queues', ['queue_id'], ['id']\n"
        "    )\n"
    )
    down = "    op.drop_constraint('fk_queue_jobs_queue_id', 'queue_jobs')\n"
    revision = made("202505011030", "tie jobs to queues", up, down)
    upgrade = passage(
        revision,
        [
            issued(
                revision,
                "create_foreign_key",
                "ALTER TABLE queue_jobs ADD CONSTRAINT fk_queue_jobs_queue_id FOREIGN KEY(queue_id)"
                " REFERENCES queues (id)",
                0.0173,
                locks=(
                    held("SHARE ROW EXCLUSIVE", JOBS),
                    held("SHARE ROW EXCLUSIVE", QUEUES, is_named=False),
                ),
                scans=(Scan(JOBS), Scan(QUEUES)),
            )
        ],
    )
    downgrade = passage(
        revision,
        [
            issued(
                revision,
                "drop_constraint",
                "ALTER TABLE queue_jobs DROP CONSTRAINT fk_queue_jobs_queue_id",
                0.0011,
                locks=(
                    held("ACCESS EXCLUSIVE", JOBS),
                    held("ACCESS EXCLUSIVE", QUEUES, is_named=False),
                ),
            )
        ],
        direction="downgrade",
    )
    scans = found(
        revision,
        "foreign-key-scans-table",
        "error",
        "create_foreign_key",
        "Writes to queue_jobs and queues wait while every row of queue_jobs is looked up.",
        "Add it with postgresql_not_valid=True, and validate it in the next revision.",
        relation="queue_jobs",
    )
    return rehearsed(revision, upgrade, downgrade, findings=(scans,))


def concurrently() -> Rehearsed:
    """An index built outside a transaction, between two that commit."""
    up = (
        "    op.execute('COMMENT ON TABLE queue_jobs IS $$work$$')\n"
        "    with op.get_context().autocommit_block():\n"
        "        op.create_index('ix_kind', 'queue_jobs', ['kind'], postgresql_concurrently=True)\n"
        "    op.execute('ANALYZE queue_jobs')\n"
    )
    down = "    op.drop_index('ix_kind', 'queue_jobs', postgresql_concurrently=True)\n"
    revision = made("202505011100", "index kinds concurrently", up, down)
    kind = Relation("ix_kind", "index", "queue_jobs", is_new=True)
    comment = issued(
        revision,
        "COMMENT",
        "COMMENT ON TABLE queue_jobs IS $$work$$",
        0.0007,
        locks=(held("SHARE UPDATE EXCLUSIVE", JOBS),),
    )
    index = issued(
        revision,
        "ix_kind', 'queue_jobs', ['kind']",
        "CREATE INDEX CONCURRENTLY ix_kind ON queue_jobs (kind)",
        0.092,
        locks=(held("SHARE UPDATE EXCLUSIVE", JOBS),),
        builds=(IndexBuild(kind),),
        scans=(Scan(JOBS, 2),),
    )
    analyze = issued(
        revision,
        "ANALYZE",
        "ANALYZE queue_jobs",
        0.006,
        locks=(held("SHARE UPDATE EXCLUSIVE", JOBS),),
    )
    upgrade = passage(revision, [comment, index, analyze], transactions=(1, None, 2))
    downgrade = passage(
        revision,
        [
            issued(
                revision,
                "drop_index",
                "DROP INDEX CONCURRENTLY ix_kind",
                0.004,
                locks=(held("SHARE UPDATE EXCLUSIVE", JOBS),),
            )
        ],
        direction="downgrade",
        transactions=(None,),
    )
    mixed = found(
        revision,
        "concurrent-and-transactional",
        "info",
        "ix_kind', 'queue_jobs', ['kind']",
        "What comes before it is committed when this fails.",
        "Give the concurrent statement a revision of its own.",
        relation="queue_jobs",
    )
    return rehearsed(revision, upgrade, downgrade, findings=(mixed,))


def failing() -> Rehearsed:
    """An upgrade that PostgreSQL refuses half-way."""
    up = (
        "    op.add_column('queues', sa.Column('owner', sa.Text()))\n"
        "    op.alter_column('queues', 'owner', nullable=False)\n"
    )
    revision = made("202505011130", "require owners <of queues> & more", up, "    pass\n")
    error = 'column "owner" of relation "queues" contains null values'
    statements = [
        issued(
            revision,
            "add_column",
            "ALTER TABLE queues ADD COLUMN owner TEXT",
            0.0012,
            locks=(held("ACCESS EXCLUSIVE", QUEUES),),
        ),
        issued(
            revision,
            "nullable=False",
            "ALTER TABLE queues ALTER COLUMN owner SET NOT NULL",
            0.0006,
            scans=(Scan(QUEUES),),
            error=error,
            sqlstate="23502",
        ),
    ]
    upgrade = passage(
        revision,
        statements,
        outcome="failed",
        error=error,
        error_line=line_of(revision, "nullable=False"),
        is_committed=False,
    )
    fails = found(
        revision,
        "upgrade-fails",
        "error",
        "nullable=False",
        f"The upgrade fails: {error}.",
        "Give the rows that are there a value first.",
    )
    return rehearsed(
        revision,
        upgrade,
        Passage("downgrade", "skipped", "the upgrade failed"),
        Passage("second_upgrade", "skipped", "the upgrade failed"),
        Verdict("fails", "not tried", "not tried", (), f"The upgrade fails: {error}."),
        (fails,),
    )


def leaving_differences() -> Rehearsed:
    """A downgrade that forgets a type, so that the second upgrade fails."""
    up = (
        "    op.execute(\"CREATE TYPE mood AS ENUM ('calm', 'busy')\")\n"
        "    op.execute('ALTER TABLE queues ADD COLUMN mood mood')\n"
    )
    down = "    op.drop_column('queues', 'mood')\n"
    revision = made("202505011200", "give queues a mood", up, down)
    statements = [
        issued(revision, "CREATE TYPE", "CREATE TYPE mood AS ENUM ('calm', 'busy')", 0.0011),
        issued(
            revision,
            "ADD COLUMN",
            "ALTER TABLE queues ADD COLUMN mood mood",
            0.0012,
            locks=(held("ACCESS EXCLUSIVE", QUEUES),),
        ),
    ]
    upgrade = passage(revision, statements)
    downgrade = passage(
        revision,
        [
            issued(
                revision,
                "drop_column",
                "ALTER TABLE queues DROP COLUMN mood",
                0.0009,
                locks=(held("ACCESS EXCLUSIVE", QUEUES),),
            )
        ],
        direction="downgrade",
    )
    second = replace(
        passage(
            revision,
            [replace(statements[0], error='type "mood" already exists', sqlstate="42710")],
            direction="second_upgrade",
            outcome="failed",
            is_committed=False,
        ),
        error='type "mood" already exists',
        error_line=statements[0].line,
    )
    change = Change("added", "enum", "mood")
    leaves = found(
        revision,
        "downgrade-leaves-schema",
        "error",
        "",
        "The downgrade leaves a different schema: enum mood is new.",
        "Drop the type in downgrade(): op.execute('DROP TYPE mood').",
        direction="downgrade",
    )
    verdict = Verdict(
        "works",
        "leaves a different schema",
        "fails",
        (change.sentence,),
        "The upgrade works, the downgrade leaves a different schema, and a second upgrade fails.",
    )
    done = rehearsed(revision, upgrade, downgrade, second, verdict, (leaves,))
    return replace(done, observed=replace(done.observed, differences=(change,)))


def hung() -> Rehearsed:
    """An upgrade that waits for itself on a second connection."""
    up = (
        "    op.execute('LOCK TABLE queues')\n"
        "    with other_engine.begin() as other:\n"
        "        other.execute(sa.text('UPDATE queues SET name = name'))\n"
    )
    revision = made("202505011230", "touch queues from elsewhere", up, "    pass\n")
    first = issued(
        revision, "LOCK", "LOCK TABLE queues", 0.0008, locks=(held("ACCESS EXCLUSIVE", QUEUES),)
    )
    second = replace(
        issued(revision, "UPDATE", "UPDATE queues SET name = name", 30.0), connection=2
    )
    waiting = (
        "it did not end within 30 s: session 2 waits for a lock on queues (Lock, relation) that "
        "session 1, idle in transaction, holds"
    )
    upgrade = passage(
        revision,
        [first, second],
        outcome="hung",
        error=waiting,
        error_line=line_of(revision, "UPDATE"),
        transactions=(1, 2),
        is_committed=False,
    )
    return rehearsed(
        revision,
        upgrade,
        Passage("downgrade", "skipped", "the upgrade hung"),
        Passage("second_upgrade", "skipped", "the upgrade hung"),
        Verdict("hangs", "not tried", "not tried", (), f"The upgrade hangs: {waiting}."),
    )


def long(count: int = 300) -> Rehearsed:
    """A loop of many statements, and a second session beside it."""
    up = (
        "    for day in DAYS:\n"
        "        op.execute(f\"INSERT INTO holidays VALUES ('{day}')\")\n"
        "    op.execute('DELETE FROM holidays WHERE day IS NULL')\n"
    )
    revision = made("202505021000", "fill holidays", up, "    op.execute('TRUNCATE holidays')\n")
    days = Relation("holidays")
    statements = [
        issued(
            revision,
            "INSERT",
            f"INSERT INTO holidays VALUES ('2025-01-01'::date + {number})",
            0.0002,
            written=(Written(days, inserted=1),),
            pause=0.00005,
        )
        for number in range(count)
    ]
    statements.append(
        issued(
            revision,
            "DELETE",
            "DELETE FROM holidays WHERE day IS NULL",
            0.0011,
            scans=(Scan(days),),
            notices=("nothing to delete", "really"),
        )
    )
    upgrade = replace(passage(revision, statements), unseen_sessions=1, threads=1)
    downgrade = passage(
        revision,
        [
            issued(
                revision,
                "TRUNCATE",
                "TRUNCATE holidays",
                0.002,
                locks=(held("ACCESS EXCLUSIVE", days),),
                rewrites=(Rewrite(days),),
            )
        ],
        direction="downgrade",
    )
    return rehearsed(revision, upgrade, downgrade)


def made(identifier: str, subject: str, up: str, down: str) -> Revision:
    """A revision with these bodies of its two functions."""
    source = (
        f'"""{subject.capitalize()}."""\n\n'
        "from __future__ import annotations\n\n"
        "import sqlalchemy as sa\nfrom alembic import op\n\n"
        f'revision: str = "{identifier}"\n\n\n'
        f"def upgrade() -> None:\n{up}\n\ndef downgrade() -> None:\n{down}"
    )
    slug = "_".join("".join(c if c.isalnum() else " " for c in subject).split())
    file = f"migrations/versions/{identifier}_{slug}.py"
    return Revision(identifier, subject, file, ("202505010800",), subject, source)


def line_of(revision: Revision, text: str, last: int = 0) -> int:
    """The line of the file that holds ``text``: the first, or with -1 the last."""
    lines = revision.source.splitlines()
    found = [number for number, line in enumerate(lines, 1) if text in line]
    return found[last]


def issued(
    revision: Revision,
    at: str,
    sql: str,
    seconds: float,
    *,
    pause: float = 0.0,
    locks: tuple[Lock, ...] = (),
    rewrites: tuple[Rewrite, ...] = (),
    builds: tuple[IndexBuild, ...] = (),
    scans: tuple[Scan, ...] = (),
    written: tuple[Written, ...] = (),
    wal_bytes: int = 0,
    temporary_bytes: int = 0,
    notices: tuple[str, ...] = (),
    error: str = "",
    sqlstate: str = "",
    where: str = "up",
) -> Statement:
    """A statement of the line that holds ``at``; ``pause`` is what Python takes before it."""
    line = line_of(revision, at, -1 if where == "down" else 0)
    return Statement(
        number=0,
        sql=sql,
        file=revision.file,
        line=line,
        source=revision.source.splitlines()[line - 1].strip(),
        began=pause,
        seconds=seconds,
        locks=locks,
        rewrites=rewrites,
        builds=builds,
        scans=scans,
        written=written,
        wal_bytes=wal_bytes,
        temporary_bytes=temporary_bytes,
        notices=notices,
        error=error,
        sqlstate=sqlstate,
    )


def held(mode: Mode, relation: Relation, *, is_named: bool = True) -> Lock:
    """A lock whose times `passage` fills in."""
    return Lock(relation, mode, 0.0, 0.0, is_named)


def passage(
    revision: Revision,
    statements: Iterable[Statement],
    *,
    direction: str = "upgrade",
    outcome: str = "done",
    error: str = "",
    error_line: int = 0,
    transactions: tuple[int | None, ...] = (),
    is_committed: bool = True,
) -> Passage:
    """Statements one after the other, in one transaction unless told otherwise."""
    placed: list[Statement] = []
    clock = 0.0004
    for number, statement in enumerate(statements):
        clock += statement.began
        of = transactions[number] if transactions else 1
        placed.append(replace(statement, number=number + 1, began=clock, transaction=of))
        clock += statement.seconds + 0.0003
    if placed and outcome == "done":
        of = next((s.transaction for s in reversed(placed) if s.transaction), None) or 9
        version = VERSION_UPDATE.format(revision.identifier)
        placed.append(
            Statement(
                len(placed) + 1,
                version,
                is_foreign=True,
                began=clock,
                seconds=0.0003,
                transaction=of,
            )
        )
        clock += 0.0005
    ended: list[Transaction] = []
    for of in dict.fromkeys(s.transaction for s in placed):
        if of is not None:
            inside = [s for s in placed if s.transaction == of]
            last = max(s.ended for s in inside) + 0.0002
            ended.append(Transaction(of, inside[0].connection, inside[0].began, last, is_committed))
    ends = {transaction.number: transaction.ended for transaction in ended}
    timed = [
        replace(
            s,
            locks=tuple(
                replace(
                    lock,
                    began=s.began,
                    held=ends.get(s.transaction or 0, s.ended) - s.began,
                )
                for lock in s.locks
            ),
        )
        for s in placed
    ]
    return Passage(
        direction,  # type: ignore[arg-type]  # a literal at every call
        outcome,  # type: ignore[arg-type]  # a literal at every call
        error,
        error_line,
        clock,
        tuple(timed),
        tuple(ended),
    )


def rehearsed(
    revision: Revision,
    upgrade: Passage,
    downgrade: Passage,
    second: Passage | None = None,
    verdict: Verdict | None = None,
    findings: tuple[Finding, ...] = (),
) -> Rehearsed:
    """A revision of a report; without a verdict, everything works."""
    good = Verdict(
        "works",
        "restores",
        "same",
        (),
        "The upgrade works, the downgrade restores the schema, "
        "and a second upgrade gives the same.",
    )
    again = second or replace(upgrade, direction="second_upgrade")
    observed = Observed(revision, EMPTY, upgrade, downgrade, again, EMPTY)
    return Rehearsed(observed, verdict or good, findings)


def found(
    revision: Revision,
    rule: str,
    severity: str,
    at: str,
    sentence: str,
    advice: str,
    *,
    relation: str = "",
    direction: str = "upgrade",
) -> Finding:
    """A finding at the line that holds ``at``, or with "" at the file."""
    return Finding(
        rule,
        severity,  # type: ignore[arg-type]  # a literal at every call
        revision.identifier,
        direction,  # type: ignore[arg-type]  # a literal at every call
        revision.file,
        line_of(revision, at) if at else 0,
        sentence,
        advice,
        relation,
    )
