"""Where revisions are run: the server, its databases, the worker, and one passage at a time.

Decides nothing about which revisions and in what order (`rehearse`), nor about what a passage
means. A passage is one run of ``env.py`` in a process of its own, within a deadline; when that is
over, PostgreSQL is asked what it waits for, its sessions are ended and its process is killed.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial

import psycopg

from pgrevise.catalog import Catalog
from pgrevise.catalog.model import Address
from pgrevise.catalog.tracking import Tracker
from pgrevise.errors import SettingsError
from pgrevise.history.state import VERSION_TABLE, stamped_revisions
from pgrevise.postgres.connect import connect
from pgrevise.postgres.scratch import scratch_server
from pgrevise.queries import load
from pgrevise.rehearsal.facts import Passage
from pgrevise.rehearsal.observing.beside import outcomes_of, scene_of
from pgrevise.rehearsal.options import Options
from pgrevise.rehearsal.protocol import Ended, History, Place, Ran, Setup, Task
from pgrevise.rehearsal.worker.failing import what_is_missing
from pgrevise.rehearsal.worker.forker import WHERE_ARE_YOU
from pgrevise.rehearsal.workshop import baseline, hanging
from pgrevise.rehearsal.workshop.databases import Databases, open_databases
from pgrevise.rehearsal.workshop.process import Worker
from pgrevise.settings import Settings

#: So many roles are made for one dump or one task before something else is wrong.
_MOST_ROLES = 100
#: From so many revisions on the worker exercises before the first, and how often.
_MANY, _EXERCISES = 10, 12
#: SQLSTATE of a lock that was not had in time, and of a deadlock.
_LOCK_NOT_HAD = ("55P03", "40P01")
_ALEMBIC_TALK = re.compile(r"^INFO\s+\[alembic\.[^\n]*\n", re.MULTILINE)


@dataclass
class Workshop:
    """The server, the databases and the worker of one rehearsal. Made by `open_workshop`.

    ``notes`` are things worth knowing about the run; ``version_tables`` is (schema or "", name) of
    those that ``env.py`` keeps, and ``naming`` its models' naming convention, once it has run.
    """

    settings: Settings
    options: Options
    databases: Databases
    worker: Worker
    server: str
    version_tables: tuple[tuple[str, str], ...] = (("", VERSION_TABLE),)
    naming: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        self.notes: list[str] = []
        self._roles: list[str] = []
        self._tracking: psycopg.Connection[tuple[object, ...]] | None = None

    @property
    def history(self) -> History:
        """The project's history."""
        return self.worker.history

    @property
    def major(self) -> int:
        """The server's major version."""
        return int(self.server.split(".")[0])

    def lay_out(self) -> None:
        """Make the working database: empty, or filled with the baseline."""
        from pgrevise.rehearsal.observing.observer import install

        target = self.databases.make("work")
        with connect(target) as connection:
            install(connection)
        if self.options.baseline is None:
            return
        for role in baseline.roles_of(self.options.baseline):
            self._create_role(role)
        baseline.fill(target, self.options.baseline)

    def configured(self, revisions: int = 0) -> None:
        """Run ``env.py`` once without a revision, and learn what it configures.

        The worker prepares itself better when many ``revisions`` are going to be run.

        Raises `SettingsError` when it cannot be run at all: then no revision can be.
        """
        ran = self.run(Task())
        if ran.passage.outcome != "done":
            raise SettingsError(
                f"The project's env.py cannot be run: {ran.passage.error}.",
                "What it reads from the environment can be given with --set NAME=value, "
                "where the value may hold {url}, {driver_url}, {host}, {port}, {database}, {user}.",
            )
        self.version_tables = ran.version_tables or self.version_tables
        self.naming = ran.naming
        self.worker.warm(ran.imported, _EXERCISES if revisions >= _MANY else 0)

    def run(self, task: Task, deadline: float = 0.0) -> Ran:
        """Run a task in the working database, within the deadline, and wait until it is left.

        ``deadline`` is another one than the options'.
        """
        deadline = deadline or self.options.deadline
        why = ""
        if task.is_observed and self._tracking is not None:
            # Asked here, where a session is open already, rather than in one of the child's own.
            task = replace(task, scene=scene_of(self._tracking))
        try:
            ended, why = self.worker.run(task, deadline, partial(self._overdue, deadline))
        finally:
            self.databases.end_sessions("work", self._own_backend)
        self.databases.wait_until_unused("work", self._own_backend)
        ran = self._with_outcomes(_told(ended, task, why))
        output = _ALEMBIC_TALK.sub("", ended.output)
        return replace(ran, passage=replace(ran.passage, output=output))

    def _with_outcomes(self, ran: Ran) -> Ran:
        """What became of transactions, where the child left that to be asked."""
        if not ran.unasked or self._tracking is None:
            return ran
        xids = dict(ran.unasked)
        outcomes = outcomes_of(self._tracking, xids.values())
        transactions = tuple(
            replace(one, is_committed=outcome == "committed")
            if (outcome := outcomes.get(xids.get(one.number, 0))) is not None
            else one
            for one in ran.passage.transactions
        )
        return replace(ran, passage=replace(ran.passage, transactions=transactions))

    def supplied(self, ran: Ran) -> bool:
        """Whether something that the server lacked was made now, so that it is worth a second try.

        A role is; of an extension it is said how to have it.
        """
        missing = what_is_missing(ran.passage.error) if ran.sqlstate else None
        if missing is None or missing[0] != "role":
            return False
        if missing[1] in self._roles or len(self._roles) >= _MOST_ROLES:
            return False
        self._create_role(missing[1])
        return True

    def stamped(self) -> tuple[str, ...]:
        """The revisions that the working database is stamped with."""
        query = load("pgrevise.rehearsal.workshop", "workshop.sql")["version_tables"].encode()
        found: set[str] = set()
        with ExitStack() as stack:
            connection = self._tracking or stack.enter_context(connect(self.databases.work))
            for named, table in self.version_tables:
                for (schema,) in connection.execute(query, {"schema": named, "table": table}):
                    rows = stamped_revisions(connection, table=table, schema=str(schema))
                    found.update(rows)
        return tuple(sorted(found))

    @contextmanager
    def tracked(self) -> Iterator[Tracker]:
        """The catalog of the working database, all schemas, without Alembic's version tables."""
        left_out: set[Address] = set()
        for schema, table in self.version_tables:
            left_out.add(("table", table))
            left_out.add(("table", f"{schema or 'public'}.{table}"))
        with self.beside() as connection:
            yield Tracker(connection, leave_out=frozenset(left_out))

    @contextmanager
    def beside(self) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
        """A session of ours in the working database, in autocommit mode, that runs leave alone."""
        with closing(connect(self.databases.work)) as connection:
            self._tracking = connection
            try:
                yield connection
            finally:
                self._tracking = None

    def catalog(self) -> Catalog:
        """The catalog of the working database, read once."""
        with self.tracked() as tracker:
            return tracker.catalog()

    def close(self) -> None:
        """Take back what was made for this rehearsal beside its databases."""
        for role in self._roles:
            self.databases.drop_role(role)

    @property
    def _own_backend(self) -> int:
        return self._tracking.info.backend_pid if self._tracking else 0

    def _create_role(self, name: str) -> None:
        if self.databases.create_role(name):
            self._roles.append(name)
            self.notes.append(
                f"The private server has no role {name}; one without any right was made for this "
                "rehearsal."
            )

    def _overdue(self, deadline: float, child: int) -> str:
        """What a child that is not done waits for; its sessions are ended."""
        with suppress(ProcessLookupError):
            os.kill(child, WHERE_ARE_YOU)
        with ExitStack() as stack:
            connection = self._tracking or stack.enter_context(
                closing(connect(self.databases.work))
            )
            found = hanging.sessions(connection)
            words = hanging.explained(found, deadline)
            self.databases.end_sessions("work", connection.info.backend_pid)
        return words


@contextmanager
def open_workshop(
    settings: Settings, options: Options, progress: Callable[[str], None] | None = None
) -> Iterator[Workshop]:
    """A server, no database yet, and the project's history; all of it gone at the end.

    Raises `BinariesMissing` and the like when there is no server of that version, and
    `HistoryConflict` when the revisions cannot be loaded.
    """
    with ExitStack() as stack:
        server = stack.enter_context(
            scratch_server(settings, major=options.major, progress=progress)
        )
        databases = stack.enter_context(open_databases(settings, server))
        work = databases.work.connection_parameters()
        place = Place(work["host"], work["port"], work["user"], work["dbname"])
        setup = Setup(settings, place, options.set_, options.driver, options.x)
        worker = stack.enter_context(Worker(setup))
        with connect(server) as connection:
            version = connection.info.parameter_status("server_version") or ""
        workshop = Workshop(settings, options, databases, worker, version.split()[0])
        # Before the databases go there may be objects that belong to the roles.
        stack.callback(workshop.close)
        stack.callback(databases.close)
        yield workshop


def _told(ended: Ended, task: Task, why: str) -> Ran:
    """What a child told; or, when it could not any more, what is known of its end."""
    ran = ended.ran
    if ran is None:
        words = f"its process ended by itself: {_status(ended.status)}"
        ran = Ran(Passage(task.direction, "failed", words), stopped_at="")
    if why:
        line = _line_of(ended.stacks) or _last_line(ran.passage)
        why += _what_holds(ran.passage) if hanging.A_SECOND_CONNECTION in why else ""
        passage = replace(ran.passage, outcome="hung", error=why, error_line=line)
        return replace(ran, passage=passage, stopped_at=ran.stopped_at or "")
    more = _more_words(ran)
    return replace(ran, passage=replace(ran.passage, error=f"{ran.passage.error}{more}"))


def _more_words(ran: Ran) -> str:
    """What PostgreSQL's own words do not tell of a failure here."""
    if ran.sqlstate in _LOCK_NOT_HAD:
        return "; nobody else is there, so that it waited for another connection of its own"
    missing = what_is_missing(ran.passage.error) if ran.sqlstate else None
    if missing and missing[0] == "extension":
        return (
            f": the private server has no extension {missing[1]}; name the programs of a "
            "PostgreSQL that has it with bindir in [tool.pgrevise] or PGREVISE_BINDIR"
        )
    return ""


def _status(status: int) -> str:
    if status < 0:
        with suppress(ValueError):
            return f"killed by {signal.Signals(-status).name}"
    return f"exit status {status}"


def _line_of(stacks: str) -> int:
    """The line of ``upgrade`` or ``downgrade`` in what faulthandler wrote, 0 for none."""
    found = re.search(r"line (\d+) in (?:upgrade|downgrade)$", stacks, re.MULTILINE)
    return int(found[1]) if found else 0


def _what_holds(passage: Passage) -> str:
    """What the other connection's transaction did last, when a statement waited for it."""
    own = [statement for statement in passage.statements if not statement.is_foreign]
    others = [s for s in own if s.connection != own[-1].connection and s.transaction]
    if not others:
        return ""
    sql = " ".join(others[-1].sql.split())
    return f"; its last statement, line {others[-1].line}: {sql[:160]}"


def _last_line(passage: Passage) -> int:
    own = [statement.line for statement in passage.statements if not statement.is_foreign]
    return own[-1] if own else 0
