"""Prove that notes are short: no change of their type is needed."""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute("ALTER TABLE jobs VALIDATE CONSTRAINT ck_jobs_note_short")


def downgrade() -> None:
    op.drop_constraint("ck_jobs_note_short", "jobs")
    op.create_check_constraint(
        "ck_jobs_note_short", "jobs", "length(note) <= 100", postgresql_not_valid=True
    )
