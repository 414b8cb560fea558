"""Add a priority to jobs, and the index that finds the next one.

Revises: 0002
Create Date: 2024-01-15 11:00:00+00:00
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "jobs", sa.Column("priority", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )
    op.create_index("ix_jobs_queue_id_priority", "jobs", ["queue_id", "priority"])


def downgrade() -> None:
    op.drop_index("ix_jobs_queue_id_priority", table_name="jobs")
    op.drop_column("jobs", "priority")
