"""Rows reach each partition through the parent; triggers run, and what they refuse is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.pgrevise.rehearsal.rows.conftest import Fill

PARTITIONS = {
    "list": (
        "CREATE TABLE t (k text NOT NULL, n integer) PARTITION BY LIST (k);"
        "CREATE TABLE t1 PARTITION OF t FOR VALUES IN ('a', 'b');"
        "CREATE TABLE t2 PARTITION OF t FOR VALUES IN ('c')",
        2,
    ),
    "range": (
        "CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY, at timestamptz NOT NULL,"
        " PRIMARY KEY (id, at)) PARTITION BY RANGE (at);"
        "CREATE TABLE t1 PARTITION OF t FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');"
        "CREATE TABLE t2 PARTITION OF t FOR VALUES FROM ('2024-02-01') TO ('2024-03-01')",
        2,
    ),
    "unique range": (
        "CREATE TABLE t (at date PRIMARY KEY) PARTITION BY RANGE (at);"
        "CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (MINVALUE) TO ('2024-02-01');"
        "CREATE TABLE t2 PARTITION OF t FOR VALUES FROM ('2024-02-01') TO ('2030-03-01')",
        2,
    ),
    "hash": (
        "CREATE TABLE t (k integer PRIMARY KEY) PARTITION BY HASH (k);"
        "CREATE TABLE t1 PARTITION OF t FOR VALUES WITH (MODULUS 3, REMAINDER 0);"
        "CREATE TABLE t2 PARTITION OF t FOR VALUES WITH (MODULUS 3, REMAINDER 1);"
        "CREATE TABLE t3 PARTITION OF t FOR VALUES WITH (MODULUS 3, REMAINDER 2)",
        3,
    ),
    "default": (
        "CREATE TABLE t (k integer) PARTITION BY RANGE (k);"
        "CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (10);"
        "CREATE TABLE t2 PARTITION OF t DEFAULT",
        2,
    ),
    "expression": (
        "CREATE TABLE t (k integer NOT NULL) PARTITION BY LIST ((k % 3));"
        "CREATE TABLE t1 PARTITION OF t FOR VALUES IN (0);"
        "CREATE TABLE t2 PARTITION OF t FOR VALUES IN (1)",
        2,
    ),
    "two levels": (
        "CREATE TABLE t (k text NOT NULL, d date NOT NULL, x text) PARTITION BY LIST (k);"
        "CREATE TABLE t1 PARTITION OF t FOR VALUES IN ('a') PARTITION BY RANGE (d);"
        "CREATE TABLE t11 PARTITION OF t1 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');"
        "CREATE TABLE t12 PARTITION OF t1 DEFAULT;"
        "CREATE TABLE t2 PARTITION OF t DEFAULT",
        3,
    ),
}


@pytest.mark.parametrize("how", PARTITIONS)
def test_each_partition_gets_rows(
    given: Callable[[str], None], ask: Callable[[str], Any], filled: Fill, how: str
) -> None:
    ddl, leaves = PARTITIONS[how]
    given(ddl)

    filled()

    assert ask("SELECT count(DISTINCT tableoid) FROM t") == leaves


def test_a_partition_can_be_filled_by_itself(
    given: Callable[[str], None], ask: Callable[[str], Any], filled: Fill
) -> None:
    given(PARTITIONS["range"][0])

    filled("t2")

    assert ask("SELECT count(*) FROM t2") == 100


def test_a_partitioned_table_can_be_referenced(given: Callable[[str], None], filled: Fill) -> None:
    given(PARTITIONS["hash"][0] + "; CREATE TABLE u (k integer NOT NULL REFERENCES t)")

    filled("u")


def test_a_partitioned_table_without_partitions_is_told(
    given: Callable[[str], None], tried: Fill
) -> None:
    given("CREATE TABLE t (k integer) PARTITION BY LIST (k)")

    assert "no partition" in tried("t").unfilled["t"].reason


REFUSE = """
CREATE TABLE t (id serial PRIMARY KEY, n integer NOT NULL);
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF {condition} THEN RAISE EXCEPTION 'not on a Sunday'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER refuse BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION refuse();
"""


def test_a_trigger_that_refuses_some_rows_gets_others(
    given: Callable[[str], None], ask: Callable[[str], Any], filled: Fill
) -> None:
    given(REFUSE.format(condition="NEW.n % 3 = 0"))

    filled("t")

    assert ask("SELECT count(*) FROM t WHERE n % 3 <> 0") == 100


def test_a_trigger_that_refuses_all_is_told_in_its_own_words(
    given: Callable[[str], None], tried: Fill
) -> None:
    given(REFUSE.format(condition="true") + "CREATE TABLE u (a integer)")

    done = tried(rows=100_000)

    assert "not on a Sunday" in done.unfilled["t"].reason
    assert "refuse()" in done.unfilled["t"].reason
    assert done.tables["u"].rows == 100_000


def test_a_trigger_that_writes_elsewhere_and_changes_the_row_runs(
    given: Callable[[str], None], ask: Callable[[str], Any], filled: Fill
) -> None:
    given(
        "CREATE TABLE log (n integer); CREATE TABLE t (n integer NOT NULL, note text);"
        "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " INSERT INTO log VALUES (NEW.n); NEW.note = 'seen'; RETURN NEW; END $$;"
        "CREATE TRIGGER note BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION note()"
    )

    filled("t")

    assert ask("SELECT ARRAY[(SELECT count(*) FROM t WHERE note = 'seen'), count(*)] FROM log") == [
        100,
        100,
    ]


def test_a_trigger_that_swallows_all_rows_is_told(
    given: Callable[[str], None], tried: Fill
) -> None:
    given(
        "CREATE TABLE t (n integer);"
        "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
        "CREATE TRIGGER swallow BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION swallow()"
    )

    assert "by a trigger" in tried("t").unfilled["t"].reason


def test_a_rule_that_does_something_else_is_told(given: Callable[[str], None], tried: Fill) -> None:
    given("CREATE TABLE t (n integer UNIQUE); CREATE RULE r AS ON INSERT TO t DO INSTEAD NOTHING")

    assert "t" in tried("t").unfilled


def test_row_level_security_does_not_stop_the_owner(
    given: Callable[[str], None], filled: Fill
) -> None:
    given("CREATE TABLE t (n integer); ALTER TABLE t ENABLE ROW LEVEL SECURITY")

    filled("t")
