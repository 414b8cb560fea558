"""What a connection of the application is told, whatever its URL carries."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from app import database
from pgrevise.errors import NotPostgres

HOST = "postgresql://db.example.com/jobs"


def options(url: str | None = None) -> str:
    return str(database.engine_args(url)["connect_args"]["options"])


@pytest.mark.parametrize("url", [None, HOST, "postgres://db.example.com/jobs"])
def test_connections_are_in_utc(url: str | None) -> None:
    assert options(url) == "-c timezone=UTC"


def test_options_of_the_url_survive() -> None:
    merged = options(f"{HOST}?options=-c%20statement_timeout%3D5s")

    assert merged == "-c statement_timeout=5s -c timezone=UTC"


def test_utc_wins_over_a_time_zone_in_the_url() -> None:
    assert options(f"{HOST}?options=-c%20timezone%3DAsia%2FTokyo").endswith("-c timezone=UTC")


@pytest.mark.parametrize(
    ("url", "name"),
    [(HOST, database.APPLICATION_NAME), (f"{HOST}?application_name=nightly", "nightly")],
)
def test_connections_have_a_name(url: str, name: str) -> None:
    assert database.engine_args(url)["connect_args"]["application_name"] == name


@pytest.mark.parametrize("url", [HOST, "postgres://db.example.com/jobs"])
def test_every_postgresql_url_means_psycopg_3(url: str) -> None:
    engine = database.create_engine(url)

    assert (engine.dialect.name, engine.dialect.driver) == ("postgresql", "psycopg")


@pytest.mark.parametrize("url", ["sqlite:///jobs.db", "mysql://root:secret@db/jobs"])
def test_other_backends_are_refused(url: str) -> None:
    with pytest.raises(NotPostgres) as refused:
        database.create_engine(url)

    assert "PostgreSQL" in str(refused.value)
    assert "secret" not in str(refused.value)


def test_the_server_agrees(database_url: str) -> None:
    carried = "options=-c%20statement_timeout%3D5s%20-c%20timezone%3DAsia%2FTokyo"
    engine = database.create_engine(f"{database_url}&{carried}")

    with engine.connect() as connection:
        for setting, value in (
            ("timezone", "UTC"),
            ("statement_timeout", "5s"),
            ("application_name", database.APPLICATION_NAME),
        ):
            assert connection.execute(text(f"SHOW {setting}")).scalar_one() == value
    engine.dispose()


def test_the_zone_of_the_environment_does_not_win(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGTZ", "Asia/Tokyo")
    engine = database.create_engine(database_url)
    with engine.connect() as connection:
        assert connection.scalar(text("SHOW timezone")) == "UTC"
    engine.dispose()
