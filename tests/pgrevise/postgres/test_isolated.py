"""A schema of one's own: created, emptied, and gone in the end."""

from __future__ import annotations

import pytest

from pgrevise.postgres.connect import connect
from pgrevise.postgres.isolated import empty_schema, isolated_schema
from pgrevise.postgres.target import Target

SCHEMAS = "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_|^information_schema$' ORDER BY 1"


def schemas(database: Target) -> list[str]:
    with connect(database) as connection:
        return [str(row[0]) for row in connection.execute(SCHEMAS)]


def test_it_is_there_for_a_while_and_on_the_search_path(database: Target) -> None:
    with isolated_schema(database) as target:
        assert target.schema
        assert schemas(database) == sorted(["public", target.schema])
        with connect(target) as connection:
            connection.execute("CREATE TABLE t (); CREATE VIEW v AS SELECT FROM t")
    assert schemas(database) == ["public"]


def test_two_at_once_do_not_meet(database: Target) -> None:
    with isolated_schema(database) as one, isolated_schema(database) as other:
        assert one.schema != other.schema


def test_an_error_inside_comes_out_and_leaves_nothing(database: Target) -> None:
    with pytest.raises(ZeroDivisionError), isolated_schema(database):
        raise ZeroDivisionError
    assert schemas(database) == ["public"]


def test_emptying_keeps_the_schema_alone(database: Target) -> None:
    with isolated_schema(database) as target:
        with connect(target) as connection:
            connection.execute("CREATE TABLE t ()")
        empty_schema(target)
        with connect(target) as connection:
            assert connection.execute("SELECT to_regclass('t')").fetchone() == (None,)
        assert target.schema in schemas(database)


def test_somebody_may_have_dropped_it_already(database: Target) -> None:
    with isolated_schema(database) as target, connect(database) as connection:
        connection.execute(f"DROP SCHEMA {target.schema}".encode())
    assert schemas(database) == ["public"]
