"""Applying revisions: one runner, one transaction each, short lock waits, bounded retries.

`Run` knows nothing of commands: it is given a connection, how to configure Alembic on it, and how
to start Alembic's own loop. It decides the order of guards, what is tried again and what a failure
means. Everything Alembic-specific about ``env.py`` is in `pgrevise.environment`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pgrevise.errors import HistoryConflict, LockBusy, PartialRun, ReviseError, StatementFailed
from pgrevise.history.script import history_errors, revision_frame
from pgrevise.history.squash import squashed_into
from pgrevise.postgres.target import Target
from pgrevise.request import Applied, Direction, Request, Step
from pgrevise.rollout import blockers, retry, session
from pgrevise.rollout.concurrent import repaired_indexes
from pgrevise.rollout.lock import only_runner
from pgrevise.rollout.timeouts import lock_timeouts
from pgrevise.settings import Settings

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext, RevisionStep
    from sqlalchemy import Connection
    from sqlalchemy.exc import DBAPIError

    MigrationsFunction = Callable[[Any, MigrationContext], Iterable[RevisionStep]]


class Run:
    """One run of revisions on one connection; ``attempt`` is Alembic's loop, called per try."""

    def __init__(self, target: Target, settings: Settings, request: Request) -> None:
        self.target = target
        self.settings = settings
        self.request = request
        self._is_planned = False
        self._pending: list[RevisionStep] = []
        self._total = 0
        self._attempts = 1
        self._first_failure = 0.0
        self._blockers: tuple[blockers.Blocker, ...] = ()

    def execute(
        self, connection: Connection, version_table: str, attempt: Callable[[], None]
    ) -> None:
        """Run to the end, or raise what stopped it with what was applied.

        Raises `LockBusy` when a lock was not to be had, `StatementFailed` when PostgreSQL or the
        revision refused before anything was applied, `PartialRun` when something was.
        """
        observer = self.request.observer
        with (
            only_runner(connection, version_table, self.settings.wait_for_runner, observer),
            repaired_indexes(connection, observer),
            lock_timeouts(connection, self.settings.lock_timeout),
        ):
            pauses = retry.delays()
            while not self._tried(connection, attempt, pauses):
                pass

    def steps(self, original: MigrationsFunction) -> MigrationsFunction:
        """Wrap Alembic's planner: plan once, report each step, and go on where a try stopped.

        Alembic asks for the next step only after it has committed the one before: that is when a
        step counts as applied.
        """

        def planned(heads: Any, context: MigrationContext) -> Iterator[RevisionStep]:
            if not self._is_planned:
                self._require_known(heads, context)
                with history_errors():
                    self._pending = list(original(heads, context))
                self._is_planned, self._total = True, len(self._pending)
                if self.request.counted:
                    session.keep_version_table(context.connection)
            while self._pending:
                step = self._pending[0]
                self.request.observer.started(self._step())
                if self.request.fresh_sessions:
                    session.forget(context.connection, self.settings.lock_timeout)
                started = time.monotonic()
                yield step
                seconds = time.monotonic() - started
                if self.request.counted:
                    session.hand_counters_over(context.connection)
                self._finished(seconds)

        return planned

    def _tried(
        self, connection: Connection, attempt: Callable[[], None], pauses: Iterator[float]
    ) -> bool:
        """One try. True when everything is applied, False when it is worth another one."""
        from sqlalchemy.exc import DBAPIError

        try:
            with self._watching(connection):
                attempt()
        except DBAPIError as error:
            _roll_back(connection)
            time.sleep(self._delay_before_retry(error, pauses))
            return False
        except ReviseError as error:
            _roll_back(connection)
            if self.request.applied and not isinstance(error, PartialRun):
                raise self._partial(error.sentence, error.next_step) from error
            raise
        except Exception as error:
            _roll_back(connection)
            place = revision_frame(error)
            if self._pending and place:
                raise self._stopped(f"{type(error).__name__}: {error}", place) from error
            raise
        return True

    @contextmanager
    def _watching(self, connection: Connection) -> Iterator[None]:
        """From the second try on, watch who blocks it: the first is most often enough."""
        if self._attempts == 1:
            yield
            return
        with blockers.watch(self.target, _backend(connection)) as watched:
            try:
                yield
            finally:
                self._blockers = watched.seen or self._blockers

    def _delay_before_retry(self, error: DBAPIError, pauses: Iterator[float]) -> float:
        """Seconds to wait before the next try; raises when there is to be none."""
        reason = retry.reason_to_retry(getattr(error.orig, "sqlstate", None))
        if not self._pending or reason is None:
            raise self._stopped(_server_words(error), revision_frame(error)) from error
        now = time.monotonic()
        if self._attempts == 1:
            self._first_failure = now
        delay = next(pauses)
        if now + delay > self._first_failure + self.settings.retry_for:
            raise self._gave_up(reason) from error
        self.request.observer.retrying(self._step(), reason, delay)
        self._attempts += 1
        return delay

    def _step(self) -> Step:
        step = self._pending[0]
        return Step(
            revision=_revision_of(step),
            subject=_subject_of(step),
            direction=_direction_of(step),
            place=self._total - len(self._pending) + 1,
            total=self._total,
        )

    def _finished(self, seconds: float) -> None:
        step = self._step()
        applied = Applied(step.revision, step.subject, step.direction, seconds, self._attempts)
        self._pending.pop(0)
        self._attempts = 1
        self.request.applied.append(applied)
        self.request.observer.finished(applied)

    def _require_known(self, heads: Any, context: MigrationContext) -> None:
        """Refuse a database that is stamped with a revision this checkout does not have."""
        script = context.script
        if script is None:
            return
        for head in heads:
            if not script.revision_map._revision_map.get(head):
                raise self._unknown(head, squashed_into(script).get(head))

    def _unknown(self, head: str, baseline: str | None) -> HistoryConflict:
        sentence = f"{self.target.display} is stamped with revision {head}, "
        if baseline is not None:
            return HistoryConflict(
                f"{sentence}which was squashed into the baseline {baseline}.",
                f"First bring it to {baseline} with the files of before: check out the commit "
                f"before the squash, run invoke db.upgrade {baseline} there, then run again here. "
                "Nothing was changed.",
            )
        return HistoryConflict(
            f"{sentence}which this checkout does not have.",
            "It may live on another branch: check that branch out or merge it, "
            "then run again. Nothing was changed.",
        )

    def _stopped(self, words: str, place: str | None) -> ReviseError:
        if not self._pending:
            return StatementFailed(f"{self.target.display}: {words}.", "Nothing was changed.")
        step = self._step()
        at = f" at {place}" if place else ""
        sentence = f"Revision {step.revision} ({step.subject}) failed{at}: {words}."
        kept = (
            "What its statements outside a transaction did is kept, and running again goes on "
            "from there."
            if _commits_by_itself(self._pending[0])
            else "Nothing of it was kept."
        )
        if self.request.applied:
            return self._partial(sentence, f"{kept} Mend it and run again.")
        return StatementFailed(sentence, f"{kept} Mend it and run again.")

    def _partial(self, sentence: str, next_step: str) -> PartialRun:
        identifiers = [applied.revision for applied in self.request.applied]
        return PartialRun(
            f"{sentence} Applied before it: {', '.join(identifiers)}.", next_step, identifiers
        )

    def _gave_up(self, reason: str) -> ReviseError:
        step = self._step()
        waited = time.monotonic() - self._first_failure
        who = "; ".join(map(str, self._blockers)) or "a session that was not seen"
        sentence = (
            f"Revision {step.revision} ({step.subject}) was given up after {self._attempts} "
            f"{'try' if self._attempts == 1 else 'tries'} in {waited:.0f} s: {reason}. "
            f"Blocked by: {who}."
        )
        advice = (
            "End the blocking transaction or wait for it, then run again; PGREVISE_RETRY_FOR, "
            f"now {self.settings.retry_for:g} s, allows more."
        )
        if self.request.applied:
            return self._partial(sentence, advice)
        return LockBusy(sentence, advice)


def _backend(connection: Connection) -> int:
    driver_connection: Any = connection.connection.driver_connection
    return int(driver_connection.info.backend_pid)


def _roll_back(connection: Connection) -> None:
    """Leave the connection outside a transaction, whatever state a failure left it in."""
    if not (connection.closed or connection.invalidated):
        connection.rollback()


def _server_words(error: DBAPIError) -> str:
    diagnostics = getattr(error.orig, "diag", None)
    primary = getattr(diagnostics, "message_primary", None)
    if not primary:
        return " ".join(str(error.orig).split()).rstrip(".")
    detail = getattr(diagnostics, "message_detail", None)
    return f"{primary} ({detail.rstrip('.')})" if detail else str(primary)


def _revision_of(step: RevisionStep) -> str:
    revision = getattr(step, "revision", None)
    return revision.revision if revision is not None else ", ".join(step.to_revisions) or "base"


def _subject_of(step: RevisionStep) -> str:
    revision = getattr(step, "revision", None)
    return revision.doc if revision is not None else "stamp"


def _direction_of(step: RevisionStep) -> Direction:
    if getattr(step, "revision", None) is None:
        return "stamp"
    return "upgrade" if step.is_upgrade else "downgrade"


def _commits_by_itself(step: RevisionStep) -> bool:
    revision = getattr(step, "revision", None)
    return revision is not None and "autocommit_block" in Path(revision.path).read_text(
        encoding="utf-8"
    )
