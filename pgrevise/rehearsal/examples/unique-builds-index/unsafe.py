"""A queue's name is its own.

Also found: unique-may-fail, fails-on-existing-rows.
"""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.create_unique_constraint("uq_queues_name", "queues", ["name"])


def downgrade() -> None:
    op.drop_constraint("uq_queues_name", "queues")
