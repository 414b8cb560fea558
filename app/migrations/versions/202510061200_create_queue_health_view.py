"""Create the view queue_health.

What waits and what runs, queue by queue, for the dashboard and for the operator at a prompt.

Locks: ACCESS SHARE on the tables it reads: nothing waits but a change of their structure.
Safe because a view holds no rows and nothing uses it yet.

Revises: 202507301315
Create Date: 2025-10-06 12:00:00+00:00
"""

from __future__ import annotations

from collections.abc import Sequence

from alembic import op

revision: str = "202510061200"
down_revision: str | None = "202507301315"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute(
        """\
CREATE VIEW queue_health AS
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
    )
    op.execute("COMMENT ON VIEW queue_health IS 'What waits and what runs, queue by queue.'")


def downgrade() -> None:
    op.execute("DROP VIEW queue_health")
