"""Keep new notes short.

The next revision validates the check, when the long ones have been looked at.
"""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.create_check_constraint(
        "ck_jobs_note_short", "jobs", "length(note) <= 100", postgresql_not_valid=True
    )


def downgrade() -> None:
    op.drop_constraint("ck_jobs_note_short", "jobs")
