"""Set the timeout of a job NOT NULL.

Locks: ACCESS EXCLUSIVE on queue_jobs, for an instant.
Safe because the validated check proves that no timeout is missing, so PostgreSQL scans nothing. The
check has served its purpose and goes.
The downgrade adds the check again, which reads queue_jobs under ACCESS EXCLUSIVE: the state of
before has it validated.

Revises: 202504151015
Create Date: 2025-04-16 14:00:00+00:00
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "202504161400"
down_revision: str | None = "202504151015"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.alter_column("queue_jobs", "timeout", nullable=False, existing_type=sa.Interval())
    op.drop_constraint(op.f("ck_queue_jobs_timeout_not_null"), "queue_jobs", type_="check")


def downgrade() -> None:
    op.create_check_constraint(
        op.f("ck_queue_jobs_timeout_not_null"), "queue_jobs", "timeout IS NOT NULL"
    )
    op.alter_column("queue_jobs", "timeout", nullable=True, existing_type=sa.Interval())
