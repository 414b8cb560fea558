"""What the schema itself promises: its constraints, its trigger, its view, its claim index."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError

from app import models, queue

PAUSE = text(
    "INSERT INTO queue_pauses (queue_id, during, reason)"
    " SELECT id, :during, 'move' FROM queues WHERE name = :queue"
)
SCHEDULE = text(
    "INSERT INTO schedules (queue_id, name, position, kind, every)"
    " SELECT id, :name, :position, 'report.build', '1 day' FROM queues"
)


def test_listeners_hear_of_a_queue_once_its_jobs_are_committed(
    engine: Engine, listener: psycopg.Connection[Any]
) -> None:
    with engine.begin() as connection:
        queue.enqueue(connection, "mail", "mail.send")
        queue.enqueue(connection, "mail", "mail.send")
        queue_id = connection.execute(text("SELECT id FROM queues")).scalar_one()
        assert list(listener.notifies(timeout=0)) == []

    heard = [notify.payload for notify in listener.notifies(timeout=5, stop_after=1)]

    assert heard == [str(queue_id)]


def test_a_claim_notifies_nobody_and_a_retry_does(
    engine: Engine, listener: psycopg.Connection[Any], worker_id: int
) -> None:
    with engine.begin() as connection:
        job_id = queue.enqueue(connection, "mail", "mail.send").job_id
    assert len(list(listener.notifies(timeout=5, stop_after=1))) == 1

    with engine.begin() as connection:
        queue.claim(connection, "mail", worker_id)
    assert list(listener.notifies(timeout=0.1)) == []

    with engine.begin() as connection:
        queue.fail(connection, job_id, worker_id, "no route to host")
    assert len(list(listener.notifies(timeout=5, stop_after=1))) == 1


def test_pauses_of_one_queue_never_overlap(connection: Connection) -> None:
    connection.execute(text("INSERT INTO queues (name) VALUES ('reports')"))
    connection.execute(PAUSE, {"queue": "mail", "during": "[2025-01-01,2025-01-03)"})
    connection.execute(PAUSE, {"queue": "mail", "during": "[2025-01-03,2025-01-04)"})
    connection.execute(PAUSE, {"queue": "reports", "during": "[2025-01-01,2025-01-03)"})

    with pytest.raises(IntegrityError, match="ex_queue_pauses_no_overlap"):
        connection.execute(PAUSE, {"queue": "mail", "during": "[2025-01-02,2025-01-05)"})


def test_two_schedules_swap_positions_in_one_transaction(connection: Connection) -> None:
    connection.execute(SCHEDULE, [{"name": "a", "position": 1}, {"name": "b", "position": 2}])

    connection.execute(text("UPDATE schedules SET position = 2 WHERE name = 'a'"))
    connection.execute(text("UPDATE schedules SET position = 1 WHERE name = 'b'"))
    connection.commit()

    names = connection.execute(text("SELECT name FROM schedules ORDER BY position")).scalars()
    assert list(names) == ["b", "a"]


def test_two_schedules_cannot_keep_one_position(connection: Connection) -> None:
    connection.execute(SCHEDULE, [{"name": "a", "position": 1}, {"name": "b", "position": 1}])

    with pytest.raises(IntegrityError, match="uq_schedules_queue_id_position"):
        connection.commit()


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("INSERT INTO queues (name) VALUES ('mail')", "uq_queues_name"),
        ("INSERT INTO queues (name) VALUES ('Mail room')", "ck_queues_name_format"),
        ("UPDATE queues SET retry_delay = '0'", "ck_queues_retry_delay_positive"),
        ("UPDATE queue_jobs SET status = 'failed'", "ck_queue_jobs_finished_at_final"),
        ("UPDATE queue_jobs SET attempt_count = 6", "ck_queue_jobs_attempt_count_bounded"),
        ("UPDATE queue_jobs SET timeout = '0'", "ck_queue_jobs_timeout_positive"),
        ("DELETE FROM queues", "fk_queue_jobs_queue_id"),
    ],
)
def test_nonsense_is_refused(connection: Connection, statement: str, constraint: str) -> None:
    queue.enqueue(connection, "mail", "mail.send")

    with pytest.raises(IntegrityError, match=constraint):
        connection.execute(text(statement))


def test_attempts_go_with_their_job_and_outlive_their_worker(
    connection: Connection, worker_id: int
) -> None:
    queue.enqueue(connection, "mail", "mail.send")
    queue.claim(connection, "mail", worker_id)

    connection.execute(text("DELETE FROM workers"))
    assert connection.execute(text("SELECT worker_id FROM attempts")).all() == [(None,)]
    assert connection.execute(text("SELECT worker_id FROM queue_jobs")).all() == [(None,)]

    connection.execute(text("DELETE FROM queue_jobs"))
    assert connection.execute(text("SELECT FROM attempts")).all() == []


def test_the_health_view_counts_what_waits_and_what_runs(
    connection: Connection, worker_id: int
) -> None:
    for _ in range(3):
        queue.enqueue(connection, "mail", "mail.send")
    queue.claim(connection, "mail", worker_id)
    connection.execute(PAUSE, {"queue": "mail", "during": "[2025-01-01,)"})

    health = connection.execute(text("SELECT * FROM queue_health")).mappings().one()

    assert health["queue_name"] == "mail"
    assert health["paused"] is True
    assert (health["waiting_jobs"], health["running_jobs"]) == (2, 1)
    assert health["running_jobs_lost_before"] == 0


def test_the_partial_index_serves_the_claim_query(engine: Engine, worker_id: int) -> None:
    """Among 20 000 jobs, a tenth of them waiting, a claim reads the index and sorts nothing."""
    with engine.begin() as connection:
        _fill(connection, jobs=20_000)

    with engine.connect() as connection:
        nodes = _plan(connection, {"queue": "mail", "worker_id": worker_id})

    on_jobs = [node for node in nodes if node.get("Index Name", "").startswith("ix_queue_jobs")]
    assert [node["Index Name"] for node in on_jobs] == ["ix_queue_jobs_queue_id_priority_run_at_id"]
    assert on_jobs[0]["Actual Rows"] == 1
    assert "Sort" not in {node["Node Type"] for node in nodes}
    assert "Incremental Sort" not in {node["Node Type"] for node in nodes}


def _fill(connection: Connection, *, jobs: int) -> None:
    """Jobs as a queue that has been in use for a while has them, spread over ten queues."""
    connection.execute(
        text("INSERT INTO queues (name) SELECT 'q' || n FROM generate_series(2, 10) n")
    )
    connection.execute(
        text("""
            INSERT INTO queue_jobs (queue_id, kind, status, priority, run_at, finished_at)
            SELECT 1 + n % 10, 'mail.send',
                (CASE WHEN n / 10 % 10 = 0 THEN 'queued' ELSE 'succeeded' END)::job_status,
                n % 7, now() - n * interval '1 second',
                CASE WHEN n / 10 % 10 = 0 THEN NULL ELSE now() END
            FROM generate_series(1, :jobs) AS n
        """),
        {"jobs": jobs},
    )
    for table in models.metadata.sorted_tables:
        connection.execute(text(f"ANALYZE {table.name}"))


def _plan(connection: Connection, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    """The nodes of the plan with which the claim query really ran."""
    explain = text(f"EXPLAIN (ANALYZE, FORMAT JSON) {queue.CLAIM.text}")
    plan = connection.execute(explain, parameters).scalar_one()
    nodes: list[dict[str, Any]] = []
    waiting = [plan[0]["Plan"]]
    while waiting:
        node = waiting.pop()
        nodes.append(node)
        waiting.extend(node.get("Plans", []))
    return nodes
