"""Reading from a real server: twins, names, settings, transactions, changes meanwhile."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg import sql
from psycopg.pq import TransactionStatus

from pgrevise.catalog import Catalog, diff, read
from pgrevise.errors import LockBusy

Connection = psycopg.Connection[tuple[object, ...]]

SAMPLE = """
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE pg_class (id integer PRIMARY KEY);
CREATE TABLE t (id serial PRIMARY KEY, m mood DEFAULT 'ok', other integer REFERENCES pg_class);
CREATE FUNCTION lower(mood) RETURNS text LANGUAGE sql IMMUTABLE RETURN 'x';
CREATE FUNCTION bump() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT
    AS 'begin return new; end';
CREATE INDEX ON t (lower(m)) WHERE m = 'ok';
CREATE VIEW v AS SELECT lower(m) FROM t JOIN pg_class c ON c.id = other
    WHERE EXISTS (SELECT FROM pg_catalog.pg_class);
CREATE RULE r AS ON INSERT TO v DO INSTEAD INSERT INTO t (m) VALUES ('sad');
CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW WHEN (new.m = 'sad') EXECUTE FUNCTION bump();
CREATE STATISTICS st ON id, other FROM t;
CREATE PROCEDURE p() LANGUAGE sql BEGIN ATOMIC DELETE FROM t; END;
"""


@contextmanager
def schema(connection: Connection, name: str, statements: str = SAMPLE) -> Iterator[None]:
    """A schema of that name while the block runs."""
    quoted = sql.Identifier(name)
    connection.execute(sql.SQL("CREATE SCHEMA {}").format(quoted))
    try:
        connection.execute(sql.SQL("SET search_path = {}, pg_catalog").format(quoted))
        connection.execute(statements.encode())
        yield
    finally:
        connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(quoted))


@pytest.mark.parametrize(
    "name", ["UPPER", 'quo"te', "dots.and spaces", "żółć", "x" * 63, "select", "a,b", "100%s"]
)
def test_twins_are_equal_whatever_the_schema_is_called(connection: Connection, name: str) -> None:
    with schema(connection, "twin"):
        plain = read(connection, ["twin"])
    with schema(connection, name):
        odd = read(connection, [name])
    assert diff(plain, odd) == []
    assert plain == odd


def test_no_fact_names_the_schema(connection: Connection) -> None:
    with schema(connection, "unmistakable"):
        catalog = read(connection, ["unmistakable"])
    assert catalog.to_json().count("unmistakable") == 1  # where it was read from


def test_names_that_postgresql_uses_too_stay_apart(connection: Connection) -> None:
    connection.execute(b"SET search_path = s, pg_catalog")
    connection.execute(SAMPLE.encode())
    view = read(connection, ["s"]).get("view", "v")
    assert view is not None
    assert "JOIN pg_class" in str(view.facts["definition"])
    assert "FROM pg_catalog.pg_class" in str(view.facts["definition"])


def test_a_second_schema_keeps_its_name(connection: Connection) -> None:
    connection.execute("CREATE TABLE t (id integer PRIMARY KEY)")
    with schema(connection, "second", "CREATE TABLE u (t_id integer REFERENCES s.t)"):
        catalog = read(connection, ["s", "second"])
    key = catalog.get("constraint", "second.u.u_t_id_fkey")
    assert key is not None
    assert key.facts["definition"] == "FOREIGN KEY (t_id) REFERENCES t(id)"


def test_a_second_schema_seen_first_names_the_other(connection: Connection) -> None:
    connection.execute("CREATE TABLE t (id integer PRIMARY KEY)")
    with schema(connection, "second", "CREATE TABLE u (t_id integer REFERENCES s.t)"):
        catalog = read(connection, ["second"])
    key = catalog.get("constraint", "u.u_t_id_fkey")
    assert key is not None
    assert key.facts["definition"] == "FOREIGN KEY (t_id) REFERENCES s.t(id)"


def test_names_are_read_as_they_are(connection: Connection) -> None:
    long = "ż" * 31
    connection.execute(f'CREATE TABLE "Jobs" ("{long}" integer, "a""b" text)'.encode())
    names = {entry.name for entry in read(connection, ["s"]).of_kind("column")}
    assert names == {f"Jobs.{long}", 'Jobs."a""b"'}


def test_json_gives_the_catalog_back(connection: Connection) -> None:
    connection.execute(b"SET search_path = s, pg_catalog")
    connection.execute(SAMPLE.encode())
    catalog = read(connection, ["s"])
    assert Catalog.from_json(catalog.to_json()) == catalog


def test_a_table_can_be_left_out_with_its_index(connection: Connection) -> None:
    before = read(connection, ["s"])
    connection.execute("CREATE TABLE alembic_version (version_num text PRIMARY KEY)")
    left_out = frozenset({("table", "alembic_version")})
    assert read(connection, ["s"], leave_out=left_out) == before


def test_an_idle_connection_stays_idle(connection: Connection) -> None:
    read(connection, ["s"])
    assert connection.info.transaction_status == TransactionStatus.IDLE


def test_settings_are_put_back(connection: Connection) -> None:
    connection.execute("SET TimeZone = 'Asia/Tokyo'")
    read(connection, ["s"])
    shown = [connection.execute(f"SHOW {name}").fetchone() for name in ("search_path", "TimeZone")]
    assert shown == [("s",), ("Asia/Tokyo",)]


def test_settings_are_put_back_within_a_transaction(connection: Connection) -> None:
    with connection.transaction():
        read(connection, ["s"])
        assert connection.execute("SHOW search_path").fetchone() == ("s",)


@pytest.mark.parametrize(
    "setting",
    [
        "TimeZone = 'Asia/Tokyo'",
        "DateStyle = 'German'",
        "IntervalStyle = 'iso_8601'",
        "quote_all_identifiers = on",
        "bytea_output = escape",
        "extra_float_digits = -5",
    ],
)
def test_the_callers_settings_do_not_show(connection: Connection, setting: str) -> None:
    connection.execute(
        "CREATE TABLE t (a timestamptz DEFAULT '2020-01-01 00:00Z',"
        " b interval DEFAULT '1 day 2:00', c bytea DEFAULT '\\xff', d float8 DEFAULT 0.1::float8,"
        " e date DEFAULT '2020-03-01')"
    )
    before = read(connection, ["s"])
    connection.execute(f"SET {setting}".encode())
    assert diff(before, read(connection, ["s"])) == []


def test_an_open_transactions_own_changes_are_seen(connection: Connection) -> None:
    with connection.transaction(force_rollback=True):
        connection.execute("CREATE TABLE t ()")
        assert ("table", "t") in read(connection, ["s"])
    assert ("table", "t") not in read(connection, ["s"])


def test_a_read_only_session_is_enough(connection: Connection) -> None:
    connection.execute("SET default_transaction_read_only = on")
    assert ("schema", "") in read(connection, ["s"])


def test_the_callers_row_factory_does_not_matter(connection: Connection) -> None:
    connection.row_factory = psycopg.rows.dict_row  # type: ignore[assignment] # a caller's own
    assert ("schema", "") in read(connection, ["s"])


def test_usage_is_all_that_a_role_needs(connection: Connection) -> None:
    connection.execute(b"SET search_path = s, pg_catalog")
    connection.execute(SAMPLE.encode())
    connection.execute("GRANT USAGE ON SCHEMA s TO pg_monitor")
    everything = read(connection, ["s"])
    connection.execute("SET ROLE pg_monitor")
    assert read(connection, ["s"]) == everything


def test_only_the_first_schema_needs_usage(connection: Connection) -> None:
    connection.execute("GRANT USAGE ON SCHEMA s TO pg_monitor")
    with schema(connection, "second"):
        connection.execute("SET ROLE pg_monitor")
        assert ("view", "second.v") in read(connection, ["s", "second"])
        connection.execute("RESET ROLE")


def test_a_function_on_the_callers_path_does_not_stand_in(connection: Connection) -> None:
    connection.execute(
        "CREATE FUNCTION set_config(text, text, boolean) RETURNS text LANGUAGE plpgsql"
        " AS $$ BEGIN RAISE EXCEPTION 'hijacked'; END $$"
    )
    connection.execute("SET search_path = s, pg_catalog")
    with connection.transaction():
        assert ("schema", "") in read(connection, ["s"])


def test_functions_of_the_schema_do_not_run_when_it_is_read(connection: Connection) -> None:
    connection.execute("CREATE TABLE t (a integer DEFAULT 1)")
    connection.execute(
        "CREATE FUNCTION format_type(oid, integer) RETURNS text LANGUAGE plpgsql"
        " AS $$ BEGIN RAISE EXCEPTION 'hijacked'; END $$"
    )
    assert ("column", "t.a") in read(connection, ["s"])


def test_a_temporary_table_does_not_stand_in_for_a_catalog(connection: Connection) -> None:
    connection.execute("CREATE TABLE t ()")
    connection.execute("CREATE TEMPORARY TABLE pg_class (oid oid)")
    assert ("table", "t") in read(connection, ["s"])


def test_what_an_extension_owns_is_left_out(connection: Connection) -> None:
    connection.execute("CREATE EXTENSION hstore SCHEMA s")
    kinds = {entry.kind for entry in read(connection, ["s"])}
    assert kinds == {"schema", "extension"}


def test_owners_are_read_on_demand(connection: Connection) -> None:
    connection.execute("CREATE TABLE t ()")
    table = read(connection, ["s"], owners=True).get("table", "t")
    assert table is not None
    assert table.facts["owner"] == "postgres"


def test_a_catalog_that_changes_meanwhile_is_never_read_half(
    connection: Connection, url: str
) -> None:
    """Every read during a storm of changes shows one committed state, or gives up by name."""
    connection.execute("CREATE TABLE t (a integer)")
    states = {read(connection, ["s"])}
    connection.execute("ALTER TABLE t ADD b integer DEFAULT 1 CHECK (b > 0)")
    states.add(read(connection, ["s"]))
    over = threading.Event()

    def storm() -> None:
        with psycopg.connect(url, autocommit=True) as other:
            while not over.wait(0.02):
                other.execute("ALTER TABLE s.t DROP b")
                other.execute("ALTER TABLE s.t ADD b integer DEFAULT 1 CHECK (b > 0)")

    changing = threading.Thread(target=storm)
    changing.start()
    try:
        for _ in range(10):
            try:
                assert read(connection, ["s"]) in states
            except LockBusy:
                continue
    finally:
        over.set()
        changing.join()


def test_a_tablespace_is_seen_on_tables_and_indexes(connection: Connection) -> None:
    name = f"pgrevise_{secrets.token_hex(4)}"
    connection.execute("SET allow_in_place_tablespaces = on")
    connection.execute(f"CREATE TABLESPACE {name} LOCATION ''".encode())
    try:
        with schema(connection, "placed", "CREATE TABLE t (id int CONSTRAINT k PRIMARY KEY)"):
            before = read(connection, ["placed"])
            connection.execute(f"ALTER TABLE t SET TABLESPACE {name}".encode())
            connection.execute(f"ALTER INDEX k SET TABLESPACE {name}".encode())
            changes = diff(before, read(connection, ["placed"]))
            assert [(c.object_kind, c.now) for c in changes] == [("index", name), ("table", name)]
    finally:
        connection.execute(f"DROP TABLESPACE {name}".encode())
