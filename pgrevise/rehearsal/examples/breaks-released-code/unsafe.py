"""Call the note of a job its remark.

Also found: column-renamed.
"""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.alter_column("jobs", "note", new_column_name="remark")


def downgrade() -> None:
    op.alter_column("jobs", "remark", new_column_name="note")
