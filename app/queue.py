"""The job queue: enqueue, claim, heartbeat, complete, fail.

Every function is given a connection and does its work in the transaction that the caller owns:
nothing here commits. Nothing here runs a job, sleeps or listens either; that is the worker's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

LONGEST_RETRY_DELAY = timedelta(hours=1)


class UnknownQueueError(LookupError):
    """There is no queue of that name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enqueued:
    """The job that stands for the request; not created when its key was already taken."""

    job_id: int
    created: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedJob:
    """A job that is now held by the worker who asked."""

    id: int
    queue: str
    kind: str
    payload: dict[str, Any]
    priority: int
    attempt: int  # 1 for the first
    max_attempts: int
    timeout: timedelta  # silence after which the worker counts as lost


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenBack:
    """What became of a job after an attempt that did not succeed."""

    job_id: int
    retry_at: datetime | None  # None: out of attempts, failed for good


_REGISTER_WORKER = text("""
    INSERT INTO workers (name)
    VALUES (:name)
    ON CONFLICT (name) DO UPDATE
    SET started_at = clock_timestamp(), last_seen_at = clock_timestamp()
    RETURNING id
""")

# DO UPDATE rather than DO NOTHING: it returns the job in the way even when a concurrent transaction
# has just committed it. xmax is zero in a row that was inserted, not updated.
_ENQUEUE = text("""
    INSERT INTO queue_jobs
        (queue_id, kind, payload, priority, run_at, max_attempts, timeout, dedupe_key)
    SELECT id, :kind, :payload, :priority, coalesce(:run_at, now()), :max_attempts, :timeout,
        :dedupe_key
    FROM queues
    WHERE name = :queue
    ON CONFLICT (queue_id, dedupe_key) WHERE dedupe_key IS NOT NULL AND finished_at IS NULL
    DO UPDATE SET dedupe_key = excluded.dedupe_key
    RETURNING id AS job_id, xmax = 0 AS created
""").bindparams(bindparam("payload", type_=JSONB))

# The partial index on waiting jobs has the order of `next`, so this stops at the first row that
# nobody else has locked. The clock, not now(): the caller's transaction may be older than the job.
CLAIM = text("""
    WITH queue AS (
        SELECT id, name
        FROM queues
        WHERE name = :queue
          AND NOT EXISTS (
              SELECT FROM queue_pauses
              WHERE queue_pauses.queue_id = queues.id
                AND queue_pauses.during @> statement_timestamp()
          )
    ),
    next AS (
        SELECT queue_jobs.id
        FROM queue_jobs
        WHERE queue_jobs.queue_id = (SELECT id FROM queue)
          AND queue_jobs.status = 'queued'
          AND queue_jobs.run_at <= statement_timestamp()
        ORDER BY queue_jobs.priority DESC, queue_jobs.run_at, queue_jobs.id
        LIMIT 1
        FOR UPDATE SKIP LOCKED
    ),
    claimed AS (
        UPDATE queue_jobs
        SET status = 'running',
            worker_id = :worker_id,
            heartbeat_at = clock_timestamp(),
            attempt_count = attempt_count + 1
        FROM next
        WHERE queue_jobs.id = next.id
        RETURNING queue_jobs.*
    ),
    begun AS (
        INSERT INTO attempts (job_id, worker_id, number, started_at)
        SELECT id, worker_id, attempt_count, heartbeat_at
        FROM claimed
    )
    SELECT claimed.id, queue.name AS queue, claimed.kind, claimed.payload, claimed.priority,
        claimed.attempt_count AS attempt, claimed.max_attempts, claimed.timeout
    FROM claimed CROSS JOIN queue
""")

_HEARTBEAT = text("""
    WITH seen AS (
        UPDATE workers SET last_seen_at = clock_timestamp() WHERE id = :worker_id
    )
    UPDATE queue_jobs
    SET heartbeat_at = clock_timestamp()
    WHERE id = :job_id AND worker_id = :worker_id AND status = 'running'
    RETURNING id
""")

_COMPLETE = text("""
    WITH completed AS (
        UPDATE queue_jobs
        SET status = 'succeeded',
            finished_at = clock_timestamp(),
            worker_id = NULL,
            heartbeat_at = NULL
        WHERE id = :job_id AND worker_id = :worker_id AND status = 'running'
        RETURNING id, attempt_count, finished_at
    )
    UPDATE attempts
    SET outcome = 'succeeded', finished_at = completed.finished_at
    FROM completed
    WHERE attempts.job_id = completed.id AND attempts.number = completed.attempt_count
    RETURNING attempts.job_id
""")

_LOCK_HELD = text("""
    SELECT id
    FROM queue_jobs
    WHERE id = :job_id AND worker_id = :worker_id AND status = 'running'
    FOR UPDATE
""")

_LOCK_STALE = text("""
    SELECT id
    FROM queue_jobs
    WHERE status = 'running' AND heartbeat_at + timeout < clock_timestamp()
    ORDER BY heartbeat_at
    LIMIT :at_most
    FOR UPDATE SKIP LOCKED
""")

# Only for jobs that this transaction has locked. The exponent is bounded, or the delay would
# overflow long before `least` could cut it.
_GIVE_BACK = text("""
    WITH given_back AS (
        UPDATE queue_jobs
        SET status = CASE WHEN attempt_count < max_attempts THEN 'queued' ELSE 'failed' END
                ::job_status,
            run_at = CASE
                WHEN attempt_count < max_attempts THEN clock_timestamp() + least(
                    queues.retry_delay * power(2, least(attempt_count - 1, 20)),
                    :longest_delay
                )
                ELSE run_at
            END,
            finished_at = CASE WHEN attempt_count < max_attempts THEN NULL
                ELSE clock_timestamp() END,
            worker_id = NULL,
            heartbeat_at = NULL
        FROM queues
        WHERE queues.id = queue_jobs.queue_id AND queue_jobs.id = ANY(:job_ids)
        RETURNING queue_jobs.id, queue_jobs.attempt_count, queue_jobs.status, queue_jobs.run_at
    ),
    ended AS (
        UPDATE attempts
        SET outcome = :outcome, error = :error, finished_at = clock_timestamp()
        FROM given_back
        WHERE attempts.job_id = given_back.id AND attempts.number = given_back.attempt_count
    )
    SELECT id AS job_id, CASE WHEN status = 'queued' THEN run_at END AS retry_at
    FROM given_back
    ORDER BY id
""")


def register_worker(connection: Connection, name: str) -> int:
    """Make a worker known, or known again after a restart, and return its id."""
    return int(connection.execute(_REGISTER_WORKER, {"name": name}).scalar_one())


def enqueue(
    connection: Connection,
    queue: str,
    kind: str,
    payload: dict[str, Any] | None = None,
    *,
    priority: int = 0,
    run_at: datetime | None = None,
    max_attempts: int = 5,
    timeout: timedelta = timedelta(minutes=5),
    dedupe_key: str | None = None,
) -> Enqueued:
    """Queue a job, unless an unfinished one of the queue has the same `dedupe_key`.

    Higher `priority` goes first; nobody claims the job before `run_at` (now, when left out).

    Raises `UnknownQueueError` when there is no such queue.
    """
    row = connection.execute(
        _ENQUEUE,
        {
            "queue": queue,
            "kind": kind,
            "payload": payload or {},
            "priority": priority,
            "run_at": run_at,
            "max_attempts": max_attempts,
            "timeout": timeout,
            "dedupe_key": dedupe_key,
        },
    ).one_or_none()
    if row is None:
        raise UnknownQueueError(f"There is no queue named {queue!r}.")
    return Enqueued(**row._mapping)


def claim(connection: Connection, queue: str, worker_id: int) -> ClaimedJob | None:
    """Take the next job of a queue for a worker; None when none waits or the queue is paused.

    Jobs that other transactions are claiming are passed over, so claimers never wait for one
    another. Commit soon: until then nobody else sees that the job is taken.
    """
    row = connection.execute(CLAIM, {"queue": queue, "worker_id": worker_id}).one_or_none()
    return ClaimedJob(**row._mapping) if row else None


def heartbeat(connection: Connection, job_id: int, worker_id: int) -> bool:
    """Say that the worker is alive; False when it does not hold the job (any more)."""
    held = connection.execute(_HEARTBEAT, {"job_id": job_id, "worker_id": worker_id})
    return held.one_or_none() is not None


def complete(connection: Connection, job_id: int, worker_id: int) -> bool:
    """Finish a job that succeeded; False, and nothing done, when the worker does not hold it."""
    held = connection.execute(_COMPLETE, {"job_id": job_id, "worker_id": worker_id})
    return held.one_or_none() is not None


def fail(connection: Connection, job_id: int, worker_id: int, error: str) -> GivenBack | None:
    """End an attempt that failed; None, and nothing done, when the worker does not hold the job.

    The job is queued again after its queue's retry delay, doubled with each attempt up to an hour,
    until it is out of attempts.
    """
    held = connection.execute(_LOCK_HELD, {"job_id": job_id, "worker_id": worker_id})
    if held.one_or_none() is None:
        return None
    return _give_back(connection, [job_id], outcome="failed", error=error)[0]


def release_stale(connection: Connection, at_most: int = 100) -> list[GivenBack]:
    """Take jobs away from workers that have been silent for longer than the jobs' timeouts.

    Their attempts count as lost; otherwise it is as if they had failed.
    """
    stale = connection.execute(_LOCK_STALE, {"at_most": at_most}).scalars().all()
    return _give_back(connection, stale, outcome="lost", error="The worker fell silent.")


def _give_back(
    connection: Connection, job_ids: Sequence[int], *, outcome: str, error: str
) -> list[GivenBack]:
    """Queue jobs again, or give them up; this transaction has locked them."""
    rows = connection.execute(
        _GIVE_BACK,
        {
            "job_ids": list(job_ids),
            "outcome": outcome,
            "error": error,
            "longest_delay": LONGEST_RETRY_DELAY,
        },
    )
    return [GivenBack(**row._mapping) for row in rows]
