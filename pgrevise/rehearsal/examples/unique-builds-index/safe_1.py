"""Index the names of queues.

Also found: unique-may-fail, fails-on-existing-rows.
"""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            "uq_queues_name", "queues", ["name"], unique=True, postgresql_concurrently=True
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("uq_queues_name", "queues", postgresql_concurrently=True)
