"""Add the outcome `lost` for attempts whose worker fell silent.

Until now they counted as failed, which hid crashing workers behind failing jobs.

Locks: none on any table.
Safe because a value is added at the end and used by nobody yet. The value cannot be used before
this transaction has committed, so nothing here, nor in another revision of the same transaction,
may mention it: each revision has a transaction of its own.
The downgrade makes a type without the value and converts attempts.outcome, which rewrites attempts
under ACCESS EXCLUSIVE: PostgreSQL cannot take a value out of a type.
Downgrade loses: which attempts were lost; they become failed, as they were counted before.

Revises: 202501151100
Create Date: 2025-02-25 10:35:00+00:00
"""

from __future__ import annotations

from collections.abc import Sequence

from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "202502251035"
down_revision: str | None = "202501151100"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

without_lost = postgresql.ENUM("succeeded", "failed", name="attempt_outcome", create_type=False)


def upgrade() -> None:
    op.execute("ALTER TYPE attempt_outcome ADD VALUE 'lost' AFTER 'failed'")


def downgrade() -> None:
    op.execute("ALTER TYPE attempt_outcome RENAME TO attempt_outcome_with_lost")
    op.execute("CREATE TYPE attempt_outcome AS ENUM ('succeeded', 'failed')")
    op.alter_column(
        "attempts",
        "outcome",
        type_=without_lost,
        existing_nullable=True,
        postgresql_using=(
            "(CASE outcome WHEN 'lost' THEN 'failed' ELSE outcome::text END)::attempt_outcome"
        ),
    )
    op.execute("DROP TYPE attempt_outcome_with_lost")
