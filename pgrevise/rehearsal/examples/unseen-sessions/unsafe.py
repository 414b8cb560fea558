"""Give jobs a weight."""

import os

import psycopg
import sqlalchemy as sa
from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("weight", sa.Integer()))
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        connection.execute("SELECT count(*) FROM pg_class")


def downgrade() -> None:
    op.drop_column("jobs", "weight")
