"""The life of a job: queued, claimed, kept alive, completed, failed, taken away."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

from app import queue


def scalar(connection: Connection, statement: str) -> Any:
    return connection.execute(text(statement)).scalar_one()


def test_a_claimed_job_comes_as_it_was_enqueued(connection: Connection, worker_id: int) -> None:
    enqueued = queue.enqueue(
        connection,
        "mail",
        "mail.send",
        {"to": ["a@example.com"]},
        priority=3,
        max_attempts=2,
        timeout=timedelta(seconds=1.5),
    )

    assert queue.claim(connection, "mail", worker_id) == queue.ClaimedJob(
        id=enqueued.job_id,
        queue="mail",
        kind="mail.send",
        payload={"to": ["a@example.com"]},
        priority=3,
        attempt=1,
        max_attempts=2,
        timeout=timedelta(seconds=1.5),
    )


def test_an_unknown_queue_is_refused(connection: Connection) -> None:
    with pytest.raises(queue.UnknownQueueError, match="'post'"):
        queue.enqueue(connection, "post", "mail.send")


def test_an_empty_queue_gives_nothing(connection: Connection, worker_id: int) -> None:
    assert queue.claim(connection, "mail", worker_id) is None


def test_two_claimers_never_get_the_same_job(engine: Engine, worker_id: int) -> None:
    with engine.begin() as connection:
        first = queue.enqueue(connection, "mail", "mail.send").job_id
        second = queue.enqueue(connection, "mail", "mail.send").job_id

    with engine.connect() as one, engine.connect() as two, engine.connect() as three:
        claimed = [queue.claim(each, "mail", worker_id) for each in (one, two, three)]

    assert [job.id if job else None for job in claimed] == [first, second, None]


def test_a_crowd_of_claimers_takes_every_job_exactly_once(engine: Engine, worker_id: int) -> None:
    with engine.begin() as connection:
        queued = [queue.enqueue(connection, "mail", "mail.send").job_id for _ in range(60)]

    def claim_all(_claimer: int) -> list[int]:
        claimed: list[int] = []
        while True:
            with engine.begin() as connection:
                job = queue.claim(connection, "mail", worker_id)
            if job is None:
                return claimed
            claimed.append(job.id)

    with ThreadPoolExecutor(4) as crowd:
        claimed = [job_id for each in crowd.map(claim_all, range(4)) for job_id in each]

    assert sorted(claimed) == queued


def test_the_job_of_a_claimer_that_rolls_back_is_claimed_again(
    engine: Engine, worker_id: int
) -> None:
    with engine.begin() as connection:
        queue.enqueue(connection, "mail", "mail.send")
    with engine.connect() as crashing:
        queue.claim(crashing, "mail", worker_id)

    with engine.connect() as connection:
        job = queue.claim(connection, "mail", worker_id)

    assert job is not None
    assert job.attempt == 1


def test_higher_priority_goes_first_then_the_earlier_job(
    connection: Connection, worker_id: int
) -> None:
    long_ago = datetime(2025, 1, 1, tzinfo=UTC)
    for kind, priority, run_at in (
        ("late", 0, long_ago + timedelta(hours=1)),
        ("early", 0, long_ago),
        ("urgent", 9, long_ago + timedelta(hours=2)),
    ):
        queue.enqueue(connection, "mail", kind, priority=priority, run_at=run_at)

    claimed = [queue.claim(connection, "mail", worker_id) for _ in range(3)]

    assert [job.kind for job in claimed if job] == ["urgent", "early", "late"]


def test_a_job_waits_for_its_time(connection: Connection, worker_id: int) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    queue.enqueue(connection, "mail", "mail.send", run_at=tomorrow)

    assert queue.claim(connection, "mail", worker_id) is None


@pytest.mark.parametrize(
    ("during", "claimable"),
    [
        ("[2025-01-01,)", False),
        ("[2025-01-01,2025-01-02)", True),
        ("[2999-01-01,)", True),
    ],
    ids=["now", "over", "to-come"],
)
def test_a_paused_queue_is_skipped(
    connection: Connection, worker_id: int, during: str, claimable: bool
) -> None:
    queue.enqueue(connection, "mail", "mail.send")
    connection.execute(
        text(
            "INSERT INTO queue_pauses (queue_id, during, reason)"
            " SELECT id, :during, 'move' FROM queues"
        ),
        {"during": during},
    )

    assert (queue.claim(connection, "mail", worker_id) is not None) == claimable


def test_a_key_stands_for_one_unfinished_job(connection: Connection) -> None:
    first = queue.enqueue(connection, "mail", "mail.send", dedupe_key="welcome-7")
    again = queue.enqueue(connection, "mail", "mail.send", dedupe_key="welcome-7")

    assert first.created
    assert again == queue.Enqueued(job_id=first.job_id, created=False)


def test_a_key_is_free_again_once_its_job_is_finished(
    connection: Connection, worker_id: int
) -> None:
    first = queue.enqueue(connection, "mail", "mail.send", dedupe_key="welcome-7")
    queue.claim(connection, "mail", worker_id)
    queue.complete(connection, first.job_id, worker_id)

    assert queue.enqueue(connection, "mail", "mail.send", dedupe_key="welcome-7").created


def test_a_heartbeat_is_noted(engine: Engine, worker_id: int) -> None:
    with engine.begin() as connection:
        job_id = queue.enqueue(connection, "mail", "mail.send").job_id
        queue.claim(connection, "mail", worker_id)
    claimed_at = "SELECT started_at FROM attempts"

    with engine.begin() as connection:
        assert queue.heartbeat(connection, job_id, worker_id)
        heard = scalar(connection, "SELECT heartbeat_at FROM queue_jobs")
        assert heard > scalar(connection, claimed_at)
        assert scalar(connection, "SELECT last_seen_at FROM workers") > scalar(
            connection, claimed_at
        )


def test_a_worker_that_lost_its_job_is_told(connection: Connection, worker_id: int) -> None:
    other = queue.register_worker(connection, "worker-b")
    job_id = queue.enqueue(connection, "mail", "mail.send").job_id
    queue.claim(connection, "mail", other)

    assert not queue.heartbeat(connection, job_id, worker_id)
    assert not queue.complete(connection, job_id, worker_id)
    assert queue.fail(connection, job_id, worker_id, "late") is None
    assert scalar(connection, "SELECT status FROM queue_jobs") == "running"


def test_a_completed_job_is_over_and_its_attempt_timed(
    connection: Connection, worker_id: int
) -> None:
    job_id = queue.enqueue(connection, "mail", "mail.send").job_id
    queue.claim(connection, "mail", worker_id)

    assert queue.complete(connection, job_id, worker_id)
    assert not queue.complete(connection, job_id, worker_id)
    assert scalar(connection, "SELECT status FROM queue_jobs") == "succeeded"
    assert scalar(connection, "SELECT outcome FROM attempts") == "succeeded"
    assert scalar(connection, "SELECT duration = finished_at - started_at FROM attempts")


def test_a_failed_job_is_retried_later_and_then_given_up(
    connection: Connection, worker_id: int
) -> None:
    job_id = queue.enqueue(connection, "mail", "mail.send", max_attempts=2).job_id
    queue.claim(connection, "mail", worker_id)

    retried = queue.fail(connection, job_id, worker_id, "no route to host")
    assert retried is not None
    assert retried.retry_at is not None
    assert retried.retry_at > datetime.now(UTC)
    assert queue.claim(connection, "mail", worker_id) is None

    connection.execute(text("UPDATE queue_jobs SET run_at = now()"))
    queue.claim(connection, "mail", worker_id)
    given_up = queue.fail(connection, job_id, worker_id, "still no route")

    assert given_up == queue.GivenBack(job_id=job_id, retry_at=None)
    assert scalar(connection, "SELECT status FROM queue_jobs") == "failed"
    errors = connection.execute(text("SELECT error FROM attempts ORDER BY number")).scalars()
    assert list(errors) == ["no route to host", "still no route"]


@pytest.mark.parametrize(("attempts_so_far", "seconds"), [(0, 10), (1, 20), (2, 40), (30, 3600)])
def test_each_retry_waits_twice_as_long_up_to_an_hour(
    connection: Connection, worker_id: int, attempts_so_far: int, seconds: int
) -> None:
    job_id = queue.enqueue(connection, "mail", "mail.send", max_attempts=99).job_id
    connection.execute(text("UPDATE queue_jobs SET attempt_count = :n"), {"n": attempts_so_far})
    queue.claim(connection, "mail", worker_id)

    queue.fail(connection, job_id, worker_id, "busy")

    waited = "SELECT extract(epoch FROM j.run_at - a.finished_at) FROM queue_jobs j, attempts a"
    assert float(scalar(connection, waited)) == pytest.approx(seconds, abs=0.5)


def test_a_silent_worker_loses_its_job(connection: Connection, worker_id: int) -> None:
    job_id = queue.enqueue(
        connection, "mail", "mail.send", timeout=timedelta(milliseconds=1)
    ).job_id
    queue.enqueue(connection, "mail", "mail.send")
    for _ in range(2):
        queue.claim(connection, "mail", worker_id)
    connection.execute(text("SELECT pg_sleep(0.01)"))

    released = queue.release_stale(connection)

    assert [each.job_id for each in released] == [job_id]
    outcomes = connection.execute(text("SELECT outcome FROM attempts ORDER BY job_id")).scalars()
    assert list(outcomes) == ["lost", None]
    assert not queue.heartbeat(connection, job_id, worker_id)


def test_a_worker_keeps_its_id_over_a_restart(connection: Connection, worker_id: int) -> None:
    assert queue.register_worker(connection, "worker-a") == worker_id
