"""Create jobs.

Revises: 0001
Create Date: 2023-11-20 14:35:00+00:00
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("queue_id", sa.Integer(), nullable=False),
        sa.Column("payload", sa.Text(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("done", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
        sa.ForeignKeyConstraint(["queue_id"], ["queues.id"], name="fk_jobs_queue_id"),
    )
    op.execute('INSERT INTO jobs (id, queue_id, payload) VALUES (1, 1, \'{"to": "a"}\')')
    op.execute("INSERT INTO jobs (id, queue_id, done) VALUES (2, 1, 1)")


def downgrade() -> None:
    op.drop_table("jobs")
