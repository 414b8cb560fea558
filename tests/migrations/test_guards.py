"""What holds whoever migrates: PostgreSQL only, in UTC, in the isolated schema and nowhere else."""

import pytest
from alembic import command
from sqlalchemy import create_engine, text

from app.database import engine_args
from pgrevise.errors import NotPostgres
from pgrevise.history.script import configuration
from pgrevise.postgres.connect import engine
from pgrevise.postgres.locate import named_target
from pgrevise.pytest_plugin import Migrations


@pytest.mark.parametrize("url", ["sqlite:///app.db", "sqlite://", "mysql://u:p@h/d", "duckdb:///x"])
def test_other_databases_are_refused(
    migrations: Migrations, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(NotPostgres, match="PostgreSQL"):
        named_target(migrations.settings)
    with pytest.raises(NotPostgres):
        command.upgrade(configuration(migrations.settings), "head")


def test_migrations_run_in_utc(migrations: Migrations) -> None:
    with engine(migrations.target).connect() as connection:
        assert connection.scalar(text("SHOW timezone")) == "UTC"


def test_the_application_connects_in_utc(migrations: Migrations) -> None:
    url = migrations.target.url
    application = create_engine(url, **engine_args(url))
    with application.connect() as connection:
        assert connection.scalar(text("SHOW timezone")) == "UTC"
    application.dispose()


def test_everything_is_created_in_the_isolated_schema(migrations: Migrations) -> None:
    elsewhere = (
        "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname <> current_schema() AND n.nspname <> 'pg_toast'"
        " AND c.relpersistence <> 't'"
    )
    with migrations.connect() as connection:
        before = connection.execute(elsewhere).fetchone()
        migrations.upgrade("head")
        assert connection.execute(elsewhere).fetchone() == before
