"""What bad input gets: an error that says what is wrong with it, and what to do."""

from __future__ import annotations

import psycopg
import pytest

from pgrevise.catalog import read
from pgrevise.errors import (
    LockBusy,
    ServerError,
    ServerUnavailable,
    ServerUnsupported,
    SettingsError,
    UsageError,
)

Connection = psycopg.Connection[tuple[object, ...]]


def test_a_failed_transaction_is_refused(connection: Connection) -> None:
    connection.execute("BEGIN")
    with pytest.raises(psycopg.errors.DivisionByZero):
        connection.execute("SELECT 1 / 0")
    with pytest.raises(ServerError, match="has failed"):
        read(connection, ["s"])


def test_a_schema_that_is_not_there_is_named(connection: Connection) -> None:
    with pytest.raises(SettingsError, match='no schema "absent" in the database "catalog_'):
        read(connection, ["s", "absent"])


@pytest.mark.parametrize("name", ["pg_catalog", "information_schema", "pg_toast"])
def test_postgresqls_own_schemas_are_refused(connection: Connection, name: str) -> None:
    with pytest.raises(SettingsError, match="PostgreSQL's own"):
        read(connection, [name])


@pytest.mark.parametrize("schemas", [[], "public"])
def test_no_list_of_schemas_is_refused(connection: Connection, schemas: str | list[str]) -> None:
    with pytest.raises(UsageError, match="No list of schemas"):
        read(connection, schemas)


def test_a_role_without_usage_is_told_what_it_needs(connection: Connection) -> None:
    connection.execute("SET ROLE pg_monitor")
    with pytest.raises(ServerError, match="may not use the schema") as refused:
        read(connection, ["s"])
    connection.execute("RESET ROLE")
    assert "GRANT USAGE ON SCHEMA" in refused.value.next_step


@pytest.mark.parametrize(
    ("statements", "named"),
    [
        ("CREATE CONVERSION x FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8", "conversion"),
        ("CREATE OPERATOR FAMILY x USING btree", "operator family"),
        ("CREATE OPERATOR CLASS x FOR TYPE box USING hash AS OPERATOR 1 ~=", "operator class"),
        ("CREATE TYPE x", "type"),
        ("CREATE TEXT SEARCH TEMPLATE x (LEXIZE = dsimple_lexize)", "text search template"),
        (
            "CREATE TEXT SEARCH PARSER x (START = prsd_start, GETTOKEN = prsd_nexttoken,"
            " END = prsd_end, LEXTYPES = prsd_lextype)",
            "text search parser",
        ),
        (
            "CREATE FUNCTION x(internal) RETURNS internal IMMUTABLE LANGUAGE internal"
            " AS 'jsonb_in';"
            " CREATE TYPE y AS (a integer); CREATE TRANSFORM FOR y LANGUAGE sql"
            " (FROM SQL WITH FUNCTION x(internal))",
            "transform",
        ),
    ],
)
def test_an_object_of_a_kind_that_is_not_read_is_named(
    connection: Connection, statements: str, named: str
) -> None:
    connection.execute(statements.encode())
    with pytest.raises(ServerUnsupported, match=f"cannot read: .*{named} "):
        read(connection, ["s"])


def test_a_schema_that_no_path_can_name_is_refused(connection: Connection) -> None:
    connection.execute('CREATE SCHEMA "$user"')
    with pytest.raises(ServerUnsupported, match="search_path"):
        read(connection, ["$user"])
    connection.execute('DROP SCHEMA "$user"')


def test_a_closed_connection_is_refused(url: str) -> None:
    connection = psycopg.connect(url)
    connection.close()
    with pytest.raises(ServerUnavailable, match="closed"):
        read(connection, ["s"])


def test_an_operator_that_would_hijack_the_server_is_refused(connection: Connection) -> None:
    connection.execute("CREATE OPERATOR = (LEFTARG = oid, RIGHTARG = oid, FUNCTION = oideq)")
    with pytest.raises(ServerUnsupported, match="would stand in"):
        read(connection, ["s"])


def test_a_lock_that_is_not_given_up_ends_in_lock_busy(connection: Connection, url: str) -> None:
    connection.execute("CREATE TABLE t (a integer)")
    connection.execute("CREATE VIEW v AS SELECT a FROM t")
    connection.execute("SET lock_timeout = '50ms'")
    with psycopg.connect(url) as other:
        other.execute("LOCK TABLE s.t IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(LockBusy, match="could not be read"):
            read(connection, ["s"])
        other.rollback()
