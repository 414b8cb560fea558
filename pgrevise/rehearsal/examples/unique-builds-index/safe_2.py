"""A queue's name is its own; the index is ready.

Also found: index-blocks-writes, unique-may-fail.
"""

from alembic import op

revision = "202601010002"
down_revision = "202601010001"


def upgrade() -> None:
    op.execute("ALTER TABLE queues ADD CONSTRAINT uq_queues_name UNIQUE USING INDEX uq_queues_name")


def downgrade() -> None:
    op.drop_constraint("uq_queues_name", "queues")
    op.create_index("uq_queues_name", "queues", ["name"], unique=True)
