"""Require a timeout of every job, not validated yet.

Two checks: that there is a timeout, as the proof that NOT NULL will need, and that it is positive.

Locks: ACCESS EXCLUSIVE on queue_jobs, for an instant.
Safe because a constraint added NOT VALID scans nothing, and the trigger fills what released code
leaves out.

Revises: 202504101000
Create Date: 2025-04-14 11:30:00+00:00
"""

from __future__ import annotations

from collections.abc import Sequence

from alembic import op

revision: str = "202504141130"
down_revision: str | None = "202504101000"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
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


def downgrade() -> None:
    op.drop_constraint(op.f("ck_queue_jobs_timeout_positive"), "queue_jobs", type_="check")
    op.drop_constraint(op.f("ck_queue_jobs_timeout_not_null"), "queue_jobs", type_="check")
