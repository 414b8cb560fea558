"""Drop the logs of attempts.

They made up most of the table and now live in the log store; no release has read or written the
column since 2025-06. What is in it is gone for good once this has run.

Locks: ACCESS EXCLUSIVE on attempts, for an instant.
Safe because dropping a column is a change of the catalog only. The space comes back as rows are
rewritten.
Downgrade loses: every log, for the upgrade has dropped them already: the column returns, empty.

Revises: 202505201050
Create Date: 2025-07-30 13:15:00+00:00
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "202507301315"
down_revision: str | None = "202505201050"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    # pgrevise: allow column-dropped -- no release has used it since 2025-06
    op.drop_column("attempts", "log")


def downgrade() -> None:
    op.add_column("attempts", sa.Column("log", sa.Text(), comment="What the job printed."))
