"""Remember where jobs come from."""

from alembic import op

revision = "202601010001"
down_revision = "202601010000"


def upgrade() -> None:
    op.execute(
        "CREATE TABLE sources (name text CONSTRAINT"
        " ck_sources_name_is_lower_case_without_spaces_and_not_longer_than_twenty"
        " CHECK (name ~ '^[a-z]{1,20}$'))"
    )


def downgrade() -> None:
    op.drop_table("sources")
