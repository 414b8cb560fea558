"""Connections: in UTC, named, and refused with a reason."""

from __future__ import annotations

import socket
import time
from dataclasses import replace

import psycopg
import pytest

from pgrevise.errors import ReviseError, ServerUnavailable, SettingsError
from pgrevise.postgres.connect import connect, engine, explain
from pgrevise.postgres.target import Target, parse


def shown(target: Target, setting: str) -> object:
    with connect(target) as connection:
        row = connection.execute("SELECT current_setting(%s)", [setting]).fetchone()
        return row and row[0]


def test_a_connection_is_in_utc_and_named(server: Target) -> None:
    assert shown(server, "timezone") == "UTC"
    assert shown(server, "application_name") == "pgrevise"


def test_utc_wins_over_the_environment(server: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGTZ", "Asia/Tokyo")
    monkeypatch.setenv("PGOPTIONS", "-c timezone=Asia/Tokyo")
    assert shown(server, "timezone") == "UTC"
    with engine(server).connect() as connection:
        assert connection.exec_driver_sql("SHOW timezone").scalar() == "UTC"
        connection.rollback()
        assert connection.exec_driver_sql("SHOW timezone").scalar() == "UTC"


def test_the_options_and_name_of_a_url_are_kept(server: Target) -> None:
    options = ("options", "-c statement_timeout=1234 -c timezone=Asia/Tokyo")
    own = replace(server, query=(*server.query, options, ("application_name", "mine")))
    assert shown(own, "statement_timeout") == "1234ms"
    assert shown(own, "timezone") == "UTC"
    assert shown(own, "application_name") == "mine"


@pytest.mark.parametrize("schema", ["plain", 'a "b" \\ c', "Ü, x", "it's"])
def test_the_schema_is_the_only_one_on_the_search_path(database: Target, schema: str) -> None:
    with connect(database) as connection:
        name = schema.replace('"', '""')
        connection.execute(f'CREATE SCHEMA "{name}"'.encode())
    with connect(database.with_schema(schema)) as connection:
        assert connection.execute("SELECT current_schemas(false)").fetchone() == ([schema],)


def test_a_connection_commits_by_itself_or_not(server: Target) -> None:
    with connect(server) as by_itself, connect(server, autocommit=False) as on_demand:
        assert by_itself.autocommit
        assert not on_demand.autocommit
        assert on_demand.info.transaction_status == psycopg.pq.TransactionStatus.IDLE


def test_an_engine_gives_the_connection_back_at_once(database: Target, server: Target) -> None:
    with engine(database).connect() as connection:
        connection.exec_driver_sql("SELECT 1")
    with connect(server) as admin:
        open_ones = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND state IS NOT NULL"
        deadline = time.monotonic() + 10
        while admin.execute(open_ones, [database.database]).fetchone() != (0,):
            assert time.monotonic() < deadline, "the connection is still open"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ('FATAL:  password authentication failed for user "u"', "refused the user name"),
        ("fe_sendauth: no password supplied", "refused the user name"),
        ('FATAL:  database "d" does not exist', "no database of that name"),
        ("FATAL:  sorry, too many clients already", "takes no connection now"),
        ("FATAL:  the database system is starting up", "takes no connection now"),
        ('FATAL:  invalid value for parameter "TimeZone": "UTC"', "no time zone data"),
        ("something that holds s3cret-word itself", "cannot be reached"),
        ("", "cannot be reached"),
    ],
)
def test_each_reason_has_its_sentence_and_never_the_password(words: str, expected: str) -> None:
    target = parse("postgresql://u:s3cret-word@h/d", origin="the test")
    told = explain(psycopg.OperationalError(f"connection failed: {words}\n"), target)
    assert isinstance(told, ServerUnavailable)
    assert expected in told.sentence
    assert "s3cret-word" not in str(told)


def test_a_parameter_that_libpq_does_not_know(server: Target) -> None:
    with pytest.raises(SettingsError, match="no_such"):
        connect(replace(server, query=(*server.query, ("no_such", "1"))))


def test_a_server_that_never_answers_is_given_up(server: Target) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        target = parse(f"postgresql://u@127.0.0.1:{port}/d?connect_timeout=2")
        with pytest.raises(ReviseError, match="cannot be reached"):
            connect(target)
