"""Remember each run of a job.

Also found: foreign-key-locks-referenced, locks-several-tables.
"""

import sqlalchemy as sa
from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.create_table(
        "runs",
        sa.Column(
            "job_id",
            sa.Integer(),
            sa.ForeignKey("jobs.id", name="fk_runs_job_id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("runs")
