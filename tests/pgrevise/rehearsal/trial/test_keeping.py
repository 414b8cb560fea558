"""Comparing the rows of a table with what they were: which are the same, what is lost."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from pgrevise.postgres.connect import connect
from pgrevise.postgres.target import Target
from pgrevise.rehearsal.trial import keeping
from pgrevise.rehearsal.trial.comparing import Column, Kept, losses
from pgrevise.rehearsal.trial.facts import Loss
from pgrevise.rehearsal.trial.keeping import Keeping, places

Connection = psycopg.Connection[tuple[object, ...]]


@pytest.fixture
def connection(database: Target) -> Iterator[Connection]:
    with connect(database) as opened:
        yield opened


def compared(connection: Connection, parent: str, change: str) -> list[Loss]:
    """What is lost between two states that SQL makes, looked at as after a downgrade."""
    connection.execute(parent.encode())
    kept = Keeping(connection, places(connection))
    connection.execute(change.encode())
    return list(kept.losses(kept.look(), "downgrade", is_final=True))


def column(was: str, now: str, *values: tuple[str | None, str | None]) -> list[tuple[str, int]]:
    """What is lost of a column that was of one type and is of another; rows have a key."""
    key = Column(1, "id", "integer")
    rows = list(enumerate(values))
    old = Kept(1, "t", (key, Column(2, "c", was)), tuple((str(i), v[0]) for i, v in rows), ((1,),))
    new = Kept(1, "t", (key, Column(2, "c", now)), tuple((str(i), v[1]) for i, v in rows), ((1,),))
    return [(loss.damage, loss.rows) for loss in losses(old, new, "upgrade", is_final=False)]


@pytest.mark.parametrize(
    ("was", "now", "value", "became"),
    [
        ("integer", "bigint", "7", "7"),
        ("integer", "numeric(10,2)", "7", "7.00"),
        ("numeric(10,2)", "numeric(10,4)", "NaN", "NaN"),
        ("numeric", "double precision", "1000000000000000", "1e+15"),
        ("date", "timestamp without time zone", "2024-01-02", "2024-01-02 00:00:00"),
        ("timestamp(3) without time zone", "timestamp with time zone", "x 1", "x 1+00"),
        ("date", "timestamp with time zone", "infinity", "infinity"),
        ("json", "jsonb", '{"b":1, "a":2}', '{"a": 2, "b": 1}'),
        ("text", "jsonb", "[1,2]", "[1, 2]"),
        ("character varying(9)", "text", "a", "a"),
    ],
)
def test_another_type_for_the_same_value_is_no_change(
    was: str, now: str, value: str, became: str
) -> None:
    assert column(was, now, (value, became)) == []


@pytest.mark.parametrize(
    ("was", "now", "value", "became"),
    [
        ("text", "text", "1.50", "1.5"),
        ("text", "numeric", "1.50", "1.5"),
        ("numeric(6,2)", "integer", "1.50", "2"),
        ("double precision", "real", "0.123456789", "0.12345679"),
        ("timestamp with time zone", "date", "2024-01-02 03:04:05+00", "2024-01-02"),
        ("jsonb", "jsonb", "[1]", "[1, 1]"),
        ("text", "jsonb", "no document", '"no document"'),
    ],
)
def test_another_value_is_a_change(was: str, now: str, value: str, became: str) -> None:
    assert column(was, now, (value, became)) == [("changed", 1)]


def test_null_where_a_value_was_is_lost(connection: Connection) -> None:
    parent = "CREATE TABLE a (id int PRIMARY KEY, b text); INSERT INTO a VALUES (1, 'x'), (2, NULL)"
    (loss,) = compared(connection, parent, "UPDATE a SET b = NULL")
    assert loss == Loss("a", "b", "lost", "downgrade", 1, 2, "x", None)


def test_a_value_where_null_was_is_a_change(connection: Connection) -> None:
    parent = "CREATE TABLE a (id int PRIMARY KEY, b text); INSERT INTO a VALUES (1, 'x'), (2, NULL)"
    (loss,) = compared(connection, parent, "UPDATE a SET b = 'x'")
    assert loss == Loss("a", "b", "changed", "downgrade", 1, 2, None, "x")


def test_a_row_that_is_gone_and_one_that_is_new_are_told_apart(connection: Connection) -> None:
    parent = "CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1), (2), (3)"
    found = compared(
        connection, parent, "DELETE FROM a WHERE id = 1; INSERT INTO a VALUES (4), (5)"
    )
    assert [(loss.damage, loss.rows, loss.of) for loss in found] == [
        ("rows lost", 1, 3),
        ("rows added", 2, 3),
    ]


def test_keys_that_are_all_new_do_not_make_other_rows(connection: Connection) -> None:
    parent = "CREATE TABLE a (id int PRIMARY KEY, b text); INSERT INTO a VALUES (1, 'x'), (2, 'y')"
    found = compared(connection, parent, "UPDATE a SET id = id + 100")
    assert [(loss.column, loss.damage, loss.rows) for loss in found] == [("id", "changed", 2)]


def test_a_table_made_anew_with_its_rows_is_the_same(connection: Connection) -> None:
    parent = "CREATE TABLE a (id int PRIMARY KEY, b text); INSERT INTO a VALUES (1, 'x'), (2, 'y')"
    change = "CREATE TABLE z AS SELECT b, id FROM a; DROP TABLE a; ALTER TABLE z RENAME TO a"
    assert compared(connection, parent, change) == []


def test_a_name_that_another_column_took_over_is_not_mistaken(connection: Connection) -> None:
    parent = "CREATE TABLE a (id int PRIMARY KEY, b text); INSERT INTO a VALUES (1, 'x')"
    change = "ALTER TABLE a RENAME b TO c; ALTER TABLE a ADD b text"
    assert compared(connection, parent, change) == []


def test_rows_without_any_key_are_counted(connection: Connection) -> None:
    parent = "CREATE TABLE a (b text); INSERT INTO a VALUES ('x'), ('x'), (NULL)"
    found = compared(connection, parent, "DELETE FROM a WHERE b IS NULL")
    assert [(loss.damage, loss.rows, loss.of) for loss in found] == [("rows lost", 1, 3)]


def test_a_unique_column_that_may_be_null_is_no_key(connection: Connection) -> None:
    parent = "CREATE TABLE a (b int UNIQUE, c text); INSERT INTO a VALUES (NULL, 'x'), (NULL, 'y')"
    assert compared(connection, parent, "UPDATE a SET c = c") == []


@pytest.mark.parametrize(
    "value", ["'NaN'::float8", "'[1]'::json", "repeat('x', 1000000)", "'a b'::tsvector"]
)
def test_any_value_is_the_same_as_itself(connection: Connection, value: str) -> None:
    parent = f"CREATE TABLE a AS SELECT {value} AS b, generate_series(1, 3) AS c"
    assert compared(connection, parent, "ALTER TABLE a SET UNLOGGED") == []


def test_a_long_example_is_cut(connection: Connection) -> None:
    parent = "CREATE TABLE a AS SELECT repeat('x', 1000) AS b"
    (loss,) = compared(connection, parent, "ALTER TABLE a DROP b, ADD c int")
    assert (loss.damage, len(str(loss.was))) == ("lost", 60)


def test_a_table_of_many_rows_is_not_compared_and_said(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "MOST_ROWS", 10)
    connection.execute("CREATE TABLE a AS SELECT generate_series(1, 11)")
    kept = Keeping(connection, places(connection))
    assert kept.look() == ()
    assert "it has 11 rows" in kept.notes[0]
