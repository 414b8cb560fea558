"""Call sources origins.

Code that knows the old name reads and writes through the view.
"""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.rename_table("sources", "origins")
    op.execute("CREATE VIEW sources AS SELECT name FROM origins")


def downgrade() -> None:
    op.execute("DROP VIEW sources")
    op.rename_table("origins", "sources")
