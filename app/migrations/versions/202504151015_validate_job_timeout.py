"""Validate that every job has a positive timeout.

Locks: SHARE UPDATE EXCLUSIVE on queue_jobs, while its rows are read, once for both checks.
Safe because it stops neither reads nor writes. If a row had been missed by the backfill, this
fails and changes nothing.
The downgrade adds both checks again without validating: the very state of before.

Revises: 202504141130
Create Date: 2025-04-15 10:15:00+00:00
"""

from __future__ import annotations

from collections.abc import Sequence

from alembic import op

revision: str = "202504151015"
down_revision: str | None = "202504141130"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE queue_jobs"
        " VALIDATE CONSTRAINT ck_queue_jobs_timeout_not_null,"
        " VALIDATE CONSTRAINT ck_queue_jobs_timeout_positive"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_queue_jobs_timeout_positive"), "queue_jobs", type_="check")
    op.drop_constraint(op.f("ck_queue_jobs_timeout_not_null"), "queue_jobs", type_="check")
    op.create_check_constraint(
        op.f("ck_queue_jobs_timeout_not_null"),
        "queue_jobs",
        "timeout IS NOT NULL",
        postgresql_not_valid=True,
    )
    op.create_check_constraint(
        op.f("ck_queue_jobs_timeout_positive"),
        "queue_jobs",
        "timeout > interval '0'",
        postgresql_not_valid=True,
    )
