"""Honest rows for every table, at any revision of the history.

The migration suite inserts them at each revision and looks whether they survive the next ones.
Columns come and go, so what is written depends on the columns that exist; what the rows mean does
not: a queue with jobs that wait, run and are done, their attempts, a worker, a schedule, a pause.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg import sql
from psycopg.types.json import Jsonb
from sqlalchemy import Connection

Row = Mapping[str, Any]


def insert_rows(connection: Connection, tables: set[str], mark: str) -> None:
    """Insert a few rows into each of `tables` that the application knows, unique by `mark`.

    `mark` is lower-case letters, digits and underscores. The caller commits.
    """
    columns = {table: _columns(connection, table) for table in tables}

    def insert(table: str, row: Row) -> int | None:
        """Insert what the table has columns for; None when there is no such table."""
        if table not in tables:
            return None
        return _insert(connection, table, {k: v for k, v in row.items() if k in columns[table]})

    queue = insert("queues", {"name": f"queue_{mark}"})
    worker = insert("workers", {"name": f"worker_{mark}", "labels": Jsonb({"zone": "a"})})
    insert("schedules", _schedule(mark, queue))
    insert("queue_pauses", _pause(mark, queue))
    for number, row in enumerate(_jobs(mark, queue, worker)):
        job = insert("queue_jobs", _one_timeout(row, columns.get("queue_jobs", set()), number))
        for attempt in _attempts(job, worker, str(row["status"])):
            insert("attempts", attempt)


def _jobs(mark: str, queue: int | None, worker: int | None) -> list[Row]:
    """A waiting job, a running one and one that is done, each with its own timeout."""
    common = {"queue_id": queue, "payload": Jsonb({"mark": mark, "to": ["a", "b"]})}
    return [
        common
        | {
            "kind": "mail.send",
            "status": "queued",
            "priority": 5,
            "dedupe_key": f"mail_{mark}",
            "timeout_seconds": 45,
            "timeout": "45 seconds",
        },
        common
        | {
            "kind": "report.build",
            "status": "running",
            "attempt_count": 2,
            "worker_id": worker,
            "heartbeat_at": "2025-01-01T00:00:10Z",
            "timeout_seconds": 3600,
            "timeout": "1 hour",
        },
        common
        | {
            "kind": "report.build",
            "status": "succeeded",
            "attempt_count": 1,
            "finished_at": "2025-01-01T00:01:00Z",
        },
    ]


def _one_timeout(row: Row, columns: set[str], number: int) -> Row:
    """The row as one release writes it: never both timeouts, while both columns exist."""
    if not {"timeout_seconds", "timeout"} <= columns:
        return row
    other_release = ("timeout_seconds", "timeout")[number % 2]
    return {name: value for name, value in row.items() if name != other_release}


def _attempts(job: int | None, worker: int | None, status: str) -> list[Row]:
    """What has been tried so far by a job of that status."""
    failed: Row = {
        "job_id": job,
        "worker_id": worker,
        "number": 1,
        "outcome": "failed",
        "error": "ConnectionError: no route to host",
        "started_at": "2025-01-01T00:00:00Z",
        "finished_at": "2025-01-01T00:00:05Z",
        "log": "connecting",
    }
    running: Row = {"job_id": job, "worker_id": worker, "number": 2, "log": "still at it"}
    succeeded: Row = dict(failed) | {"outcome": "succeeded", "error": None}
    return {"queued": [], "running": [failed, running], "succeeded": [succeeded]}[status]


def _schedule(mark: str, queue: int | None) -> Row:
    return {
        "queue_id": queue,
        "name": f"nightly_{mark}",
        "position": 1,
        "kind": "report.build",
        "payload": Jsonb({"mark": mark}),
        "every": "1 day",
    }


def _pause(mark: str, queue: int | None) -> Row:
    return {
        "queue_id": queue,
        "during": "[2025-03-01T00:00:00Z,2025-03-01T02:00:00Z)",
        "reason": f"maintenance {mark}",
    }


def _columns(connection: Connection, table: str) -> set[str]:
    """The columns that the table has at this revision."""
    found = connection.exec_driver_sql(
        "SELECT attname FROM pg_attribute"
        " WHERE attrelid = to_regclass(quote_ident(%s)) AND attnum > 0 AND NOT attisdropped",
        (table,),
    )
    return set(found.scalars())


def _insert(connection: Connection, table: str, row: Row) -> int:
    """Insert one row and return its id."""
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING id").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, row)),
        sql.SQL(", ").join(sql.Placeholder() * len(row)),
    )
    inserted = connection.exec_driver_sql(statement.as_string(None), tuple(row.values()))
    return int(inserted.scalar_one())
