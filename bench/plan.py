"""Everything that is measured, beside what, and what is to be reached."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from bench import commands, servers, suites
from bench.places import Bench, Sizes
from bench.results import Row, Unit
from bench.timing import Pair

ALEMBIC = "`alembic upgrade head`"
PROCESSES = "whole processes on one database, in turn"
SUITES = "whole pytest processes on one running server"
PER_TEST = "what each further test adds to a pytest process"
MEMORY = "peak resident set of the command's process"


@dataclass(frozen=True)
class Measurement:
    """One row: ``what`` is named after the sizes of the histories."""

    what: str
    against: str
    measured: str
    measure: Callable[[Bench], Pair]
    to_reach: float | None = None
    unit: Unit = "seconds"
    needs_peers: bool = False

    def named(self, sizes: Sizes) -> str:
        """What is measured, with the sizes in it."""
        return self.what.format(**asdict(sizes))

    def row(self, bench: Bench) -> Row:
        """Measure. Of short histories nothing is asked."""
        pair = self.measure(bench)
        what, against = (t.format(**asdict(bench.sizes)) for t in (self.what, self.against))
        reach = self.to_reach if bench.sizes == Sizes() else None
        return Row(what, against, self.measured, self.unit, pair.ours, pair.theirs, reach)


PLAN = (
    Measurement(
        "`invoke --list`",
        "the same, one empty task",
        "whole processes, in turn",
        commands.listing,
        1.15,
    ),
    Measurement(
        "`db.upgrade`, nothing pending, the app's history",
        ALEMBIC,
        PROCESSES,
        commands.nothing_pending_app,
        0.5,
    ),
    Measurement(
        "`db.upgrade`, nothing pending, {short:,} revisions",
        ALEMBIC,
        PROCESSES,
        commands.nothing_pending_short,
        0.35,
    ),
    Measurement(
        "`db.upgrade`, nothing pending, {long:,} revisions",
        ALEMBIC,
        PROCESSES,
        commands.nothing_pending_long,
        0.2,
    ),
    Measurement(
        "`db.current`, {long:,} revisions",
        "`alembic current`",
        PROCESSES,
        commands.current,
        0.03,
    ),
    Measurement(
        "plain `alembic upgrade head`, nothing pending, {long:,} revisions",
        "the same, a stock `env.py`",
        PROCESSES,
        commands.plain_upgrade,
    ),
    Measurement(
        "plain `alembic current`, {long:,} revisions",
        "the same, a stock `env.py`",
        PROCESSES,
        commands.plain_current,
    ),
    Measurement(
        "`db.upgrade`, 1 pending of {long:,}",
        ALEMBIC,
        PROCESSES,
        commands.one_pending,
        0.6,
    ),
    Measurement(
        "`db.upgrade` from base, {tables} tables",
        ALEMBIC,
        PROCESSES,
        commands.from_base,
        1.1,
    ),
    Measurement(
        "`db.upgrade` from base, the app's history",
        ALEMBIC,
        PROCESSES,
        commands.from_base_app,
    ),
    Measurement(
        "migration suite, {tables} tables",
        "pytest-alembic's five tests",
        SUITES,
        suites.whole_suite,
        0.05,
        needs_peers=True,
    ),
    Measurement(
        "migration suite, {tables} tables",
        "one " + ALEMBIC,
        SUITES,
        suites.whole_suite_beside_upgrade,
    ),
    Measurement(
        "nothing to first query in a test, warm",
        "pytest-postgresql's process fixture",
        "whole pytest processes of one test; no server runs before",
        servers.first_test,
        0.3,
        needs_peers=True,
    ),
    Measurement(
        "private server to first query, warm",
        "the same, nothing in the cache",
        "start, one query and stop, in one process",
        servers.private_server,
    ),
    Measurement(
        "migrated database for a test, {tables} tables",
        "replaying {tables} revisions",
        PER_TEST,
        suites.database_for_a_test,
        0.02,
    ),
    Measurement(
        "migrated database for a test, {tables} tables",
        "pytest-postgresql's clone",
        PER_TEST,
        suites.database_for_a_test_beside_pytest_postgresql,
        needs_peers=True,
    ),
    Measurement(
        "memory, nothing pending, {long:,} revisions",
        "the same, the app's history",
        MEMORY,
        commands.memory_beside_app,
        1.1,
        "bytes",
    ),
    Measurement(
        "memory, nothing pending, {long:,} revisions",
        ALEMBIC,
        MEMORY,
        commands.memory_beside_alembic,
        unit="bytes",
    ),
    Measurement(
        "memory, 1 pending of {long:,}",
        "the same, the app's history",
        MEMORY,
        commands.memory_of_one_beside_app,
        1.1,
        "bytes",
    ),
    Measurement(
        "memory, 1 pending of {long:,}",
        ALEMBIC,
        MEMORY,
        commands.memory_of_one_beside_alembic,
        unit="bytes",
    ),
)


def chosen(sizes: Sizes, words: Sequence[str]) -> list[Measurement]:
    """Those that have one of the words in their name or in what they are measured against."""
    texts = [(m, f"{m.named(sizes)} {m.against}".lower()) for m in PLAN]
    return [m for m, text in texts if not words or any(w.lower() in text for w in words)]
