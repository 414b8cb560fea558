"""The view `queue_health`: what an operator wants to know of every queue.

A view is no table of the metadata (autogenerate would propose to create one, every time), so it
is created and dropped beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, MetaData, Table, event

from app.models.base import Base

READS = frozenset({"attempts", "queue_jobs", "queue_pauses", "queues"})

# The history holds its own copy of the query.
QUEUE_HEALTH = """\
SELECT queues.id AS queue_id,
       queues.name AS queue_name,
       EXISTS (
           SELECT FROM queue_pauses
           WHERE queue_pauses.queue_id = queues.id AND queue_pauses.during @> now()
       ) AS paused,
       waiting.jobs AS waiting_jobs,
       waiting.oldest AS waiting_since,
       held.jobs AS running_jobs,
       held.lost_before AS running_jobs_lost_before
FROM queues
CROSS JOIN LATERAL (
    SELECT count(*) AS jobs, min(queue_jobs.run_at) AS oldest
    FROM queue_jobs
    WHERE queue_jobs.queue_id = queues.id
      AND queue_jobs.status = 'queued'
      AND queue_jobs.run_at <= now()
) AS waiting
CROSS JOIN LATERAL (
    SELECT count(*) AS jobs,
           count(*) FILTER (WHERE EXISTS (
               SELECT FROM attempts
               WHERE attempts.job_id = queue_jobs.id AND attempts.outcome = 'lost'
           )) AS lost_before
    FROM queue_jobs
    WHERE queue_jobs.queue_id = queues.id AND queue_jobs.status = 'running'
) AS held"""

COMMENT = "What waits and what runs, queue by queue."


@event.listens_for(Base.metadata, "after_create")
def create_view(
    _target: MetaData, connection: Connection, *, tables: Sequence[Table], **_options: Any
) -> None:
    """Create the view once the tables that it reads have been created."""
    if {table.name for table in tables} >= READS:
        connection.exec_driver_sql(f"CREATE VIEW queue_health AS\n{QUEUE_HEALTH}")
        connection.exec_driver_sql(f"COMMENT ON VIEW queue_health IS '{COMMENT}'")


@event.listens_for(Base.metadata, "before_drop")
def drop_view(_target: MetaData, connection: Connection, **_options: Any) -> None:
    """Drop the view before the tables that it reads go."""
    connection.exec_driver_sql("DROP VIEW IF EXISTS queue_health")
