"""What a child of the worker does: run ``env.py`` with exactly the revisions that are wanted.

Here is what Alembic and the project are told: the database, in every way that an ``env.py`` may ask
for it, and the steps. How long it may take and what it means are others' business.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic import command
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationStep
from alembic.script import ScriptDirectory

from pgrevise.errors import ReviseError
from pgrevise.history.script import configuration
from pgrevise.postgres.target import parse
from pgrevise.rehearsal.facts import Outcome, Passage
from pgrevise.rehearsal.observing.observer import Watch, observing
from pgrevise.rehearsal.protocol import Ran, Setup, Task
from pgrevise.rehearsal.worker.application import ADVICE, MISSING
from pgrevise.rehearsal.worker.elsewhere import Gate
from pgrevise.rehearsal.worker.failing import is_refusal, line_of, place_of, words_of
from pgrevise.rehearsal.worker.surroundings import driver_url
from pgrevise.request import Request, attach

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext, RevisionStep

#: How long threads that a revision left running may go on, in seconds.
_THREADS = 1.0


def run(setup: Setup, script: ScriptDirectory, task: Task, gate: Gate) -> Ran:
    """Run a task in this process, which is a child of the worker and has done nothing else."""
    return _Run(setup, script, task, gate).result()


@dataclass
class _Run:
    setup: Setup
    script: ScriptDirectory
    task: Task
    gate: Gate
    at: str = ""
    raised: BaseException | None = None
    finished: list[str] = field(default_factory=list)
    contexts: list[MigrationContext] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.imports = None if self.task.revisions else _Imports(self.setup.settings.root)

    def result(self) -> Ran:
        """Run ``env.py`` and say what came of it."""
        error: BaseException | None = None
        before = set(threading.enumerate())
        watch: Watch | None = None
        began = time.monotonic()
        with ExitStack() as stack:
            if self.task.is_observed:
                watch = stack.enter_context(self._observing())
            try:
                self._run_env()
                error = self.raised  # which env.py may have kept to itself
            except BaseException as caught:  # noqa: BLE001 - whatever the project's code raises
                error = self.raised or caught
            left = _left_running(before)
            seconds = time.monotonic() - began
        return self._ran(error, watch, seconds, left)

    def _ran(
        self, error: BaseException | None, watch: Watch | None, seconds: float, left: int
    ) -> Ran:
        wanted = self.task.revisions
        seen: set[int] = set(watch.backends) if watch else set()
        passage = Passage(
            direction=self.task.direction,
            seconds=seconds,
            statements=watch.statements() if watch else (),
            transactions=watch.transactions() if watch else (),
            threads=left,
            unseen_sessions=len(self.gate.sessions - self.gate.of_sqlalchemy - seen),
        )
        sqlstate = ""
        if error is not None:
            words, sqlstate = words_of(error)
            passage = self._failed(passage, error, words)
        elif not self.contexts:
            words = "env.py ended without running migrations: it never called run_migrations()"
            passage = replace(passage, outcome="failed", error=words)
        elif len(self.finished) < len(wanted):
            words = "env.py ended without running this revision"
            passage = replace(passage, outcome="failed", error=words)
        return Ran(
            passage=passage,
            is_begun=bool(self.at) or not wanted,
            stopped_at=self.at if error is not None else "",
            sqlstate=sqlstate,
            version_tables=tuple(
                (str(c.version_table_schema or ""), str(c.version_table)) for c in self.contexts
            ),
            naming=_naming(self.contexts),
            imported=self.imports.since() if self.imports else (),
            unasked=watch.unasked if watch else (),
        )

    def _failed(self, passage: Passage, error: BaseException, words: str) -> Passage:
        file = self.script.get_revision(self.at).path if self.at else ""
        line = line_of(error, file) if file else 0
        outcome: Outcome = "failed"
        own = [s for s in passage.statements if not s.is_foreign]
        if passage.direction == "downgrade" and not own and file and is_refusal(error, file):
            outcome = "refused"
        elif not line:
            place = place_of(error, self.setup.settings.root)
            words = f"{place}: {words}" if place and place not in words else words
        if MISSING in words:
            words = f"{words.rstrip('.')}. {ADVICE}"
        return replace(passage, outcome=outcome, error=words, error_line=line)

    def _observing(self) -> Any:
        file = Path(self.script.get_revision(self.task.revisions[0]).path)
        root = self.setup.settings.root
        task = self.task
        return observing(self.setup.place.url(), file, root, task.direction, task.scene)

    def _run_env(self) -> None:
        config = self._config()
        self.script.revision_map  # noqa: B018 - loaded before; children share it
        destination = self.task.revisions[-1] if self.task.revisions else "head"
        with EnvironmentContext(
            config,
            self.script,
            fn=self._steps,
            as_sql=False,
            starting_rev=None,
            destination_rev=destination,
            tag=None,
        ):
            self.script.run_env()

    def _config(self) -> Config:
        setup = self.setup
        config = configuration(setup.settings)
        verb = "downgrade" if self.task.direction == "downgrade" else "upgrade"
        url = driver_url(setup, "postgresql+psycopg")
        x = [f"url={setup.place.url()}", *setup.x]
        config.cmd_opts = Namespace(
            cmd=(getattr(command, verb), ["revision"], ["sql", "tag"]),
            config=str(setup.settings.alembic_ini),
            name="alembic",
            quiet=True,
            raiseerr=False,
            revision=self.task.revisions[-1] if self.task.revisions else "head",
            sql=False,
            tag=None,
            x=x,
        )
        config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
        target = replace(parse(setup.place.url()), private=True, origin="the rehearsal")
        # Nobody else is there: what waits for a lock waits for the revision itself.
        settings = replace(setup.settings, retry_for=0.0)
        return attach(config, Request(target=target, settings=settings, script=self.script))

    def _steps(self, heads: Any, context: MigrationContext) -> Iterator[RevisionStep]:
        """Alembic's planner: exactly the revisions of the task.

        An ``env.py`` that goes through several databases or schemas asks for each of them; what one
        of them has had already is not done there again.
        """
        is_second_time = bool(self.contexts)
        self.contexts.append(context)
        is_upgrade = self.task.direction != "downgrade"
        for identifier in self.task.revisions:
            has = identifier in heads
            if is_second_time and has == is_upgrade:
                continue
            yield self._step(identifier)

    def _step(self, identifier: str) -> RevisionStep:
        """One revision as a step; this is where its file is imported."""
        self.at, self.raised = identifier, None
        make = MigrationStep.upgrade_from_script
        if self.task.direction == "downgrade":
            make = MigrationStep.downgrade_from_script
        try:
            step = make(self.script.revision_map, self.script.get_revision(identifier))
        except BaseException as error:
            self.raised = error.__cause__ if isinstance(error, ReviseError) else error
            raise
        step.migration_fn = self._noted(step.migration_fn, identifier)
        return step

    def _noted(self, function: Callable[..., None], identifier: str) -> Callable[..., None]:
        """A revision's function, remembering that it began, ended, and what it raised."""

        def noted(**keywords: Any) -> None:
            self.at, self.raised = identifier, None
            try:
                function(**keywords)
            except BaseException as error:
                self.raised = error
                raise
            self.finished.append(identifier)

        noted.__name__ = function.__name__
        return noted


class _Imports:
    """What ``env.py`` imports; made before it runs."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known = frozenset(sys.modules)
        self._environment = self._now()

    def since(self) -> tuple[str, ...]:
        """The modules that it imported and that may be imported before it as well.

        The project's own are among them only when ``env.py`` changed neither the environment nor
        the places that modules come from: then importing them earlier is the same.
        """
        is_same = self._environment == self._now()
        found = []
        for name, module in list(sys.modules.items()):
            file = str(getattr(module, "__file__", None) or "")
            is_installed = "site-packages" in file or not Path(file).is_relative_to(self._root)
            if name not in self._known and file and (is_same or is_installed):
                found.append(name)
        return tuple(found)

    def _now(self) -> tuple[dict[str, str], frozenset[Path]]:
        return dict(os.environ), frozenset(Path(place).resolve() for place in sys.path)


def _left_running(before: set[threading.Thread]) -> int:
    """How many threads are left that were not there before; they get a moment to end."""
    left = [
        thread
        for thread in threading.enumerate()
        if thread not in before and not thread.name.startswith("pgrevise")
    ]
    deadline = time.monotonic() + _THREADS
    for thread in left:
        if not thread.daemon:
            thread.join(max(0.0, deadline - time.monotonic()))
    return len(left)


def _naming(contexts: list[MigrationContext]) -> tuple[tuple[str, str], ...]:
    """The naming convention of the project's models, as far as ``env.py`` passed them on."""
    for context in contexts:
        metadata = context.opts.get("target_metadata")
        listed = metadata if isinstance(metadata, (list, tuple)) else [metadata]
        for one in listed:
            convention = getattr(one, "naming_convention", None) or {}
            found = [(k, v) for k, v in convention.items() if isinstance(k, str) and k in _PREFIXES]
            if any(k != "ix" for k, _ in found) or len(found) > 1:
                return tuple(sorted((k, str(v)) for k, v in found))
    return ()


_PREFIXES = ("ix", "uq", "ck", "fk", "pk")
