"""Foreign keys in any order and in circles find rows to refer to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.pgrevise.rehearsal.rows.conftest import Fill

ID = "id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY"


def test_what_is_referenced_gets_a_few_rows(given: Callable[[str], None], filled: Fill) -> None:
    given(
        f"CREATE TABLE a ({ID}); CREATE TABLE b ({ID}, a bigint NOT NULL REFERENCES a);"
        f"CREATE TABLE c ({ID}, b bigint REFERENCES b)"
    )

    done = filled("c", rows=400)

    assert {table.name: table.rows for table in done.tables.values()} == {
        "a": 10,
        "b": 21,
        "c": 400,
    }


def test_one_to_one_gets_as_many_as_it_needs(given: Callable[[str], None], filled: Fill) -> None:
    given("CREATE TABLE a (id text PRIMARY KEY); CREATE TABLE b (a text PRIMARY KEY REFERENCES a)")

    assert filled("b", rows=250).tables["a"].rows == 250


def test_pairs_of_a_junction_do_not_repeat(
    given: Callable[[str], None], ask: Callable[[str], Any], filled: Fill
) -> None:
    given(
        f"CREATE TABLE a ({ID}); CREATE TABLE b ({ID});"
        "CREATE TABLE ab (a bigint REFERENCES a, b bigint REFERENCES b, PRIMARY KEY (a, b))"
    )

    filled("ab", rows=400)

    assert ask("SELECT count(*) FROM ab") == 400


def test_foreign_keys_that_share_a_column_agree_in_it(
    given: Callable[[str], None], ask: Callable[[str], Any], filled: Fill
) -> None:
    given(
        f"CREATE TABLE tenant ({ID});"
        "CREATE TABLE a (tenant bigint REFERENCES tenant, n integer, PRIMARY KEY (tenant, n));"
        "CREATE TABLE b (tenant bigint REFERENCES tenant, n integer, PRIMARY KEY (tenant, n));"
        f"CREATE TABLE c ({ID}, tenant bigint NOT NULL REFERENCES tenant, a integer NOT NULL,"
        " b integer NOT NULL, FOREIGN KEY (tenant, a) REFERENCES a,"
        " FOREIGN KEY (tenant, b) REFERENCES b)"
    )

    filled()

    assert ask("SELECT count(*) FROM c JOIN a ON (c.tenant, c.a) = (a.tenant, a.n)") == 100


@pytest.mark.parametrize(
    "column",
    [
        "parent bigint REFERENCES t",
        "parent bigint NOT NULL REFERENCES t DEFERRABLE INITIALLY DEFERRED",
        "parent bigint UNIQUE REFERENCES t",
        "parent bigint NOT NULL UNIQUE REFERENCES t DEFERRABLE",
    ],
)
def test_a_table_refers_to_itself(
    given: Callable[[str], None], ask: Callable[[str], Any], filled: Fill, column: str
) -> None:
    given(f"CREATE TABLE t ({ID}, {column})")

    filled("t")

    assert ask("SELECT count(parent) FROM t") >= 99


def test_a_row_that_must_refer_to_its_own_table_at_once_refers_to_itself(
    given: Callable[[str], None], ask: Callable[[str], Any], filled: Fill
) -> None:
    given("CREATE TABLE t (id uuid PRIMARY KEY, parent uuid NOT NULL REFERENCES t)")

    filled("t")

    assert ask("SELECT count(*) FROM t WHERE id = parent") == 100


def test_a_tree_of_two_columns_stays_within_its_tenant(
    given: Callable[[str], None], ask: Callable[[str], Any], filled: Fill
) -> None:
    given(
        f"CREATE TABLE tenant ({ID});"
        "CREATE TABLE t (tenant bigint REFERENCES tenant, n integer, parent integer,"
        " PRIMARY KEY (tenant, n), FOREIGN KEY (tenant, parent) REFERENCES t)"
    )

    filled()

    assert ask("SELECT count(parent) FROM t") > 30


def test_a_circle_is_closed_in_a_second_step(
    given: Callable[[str], None], ask: Callable[[str], Any], filled: Fill
) -> None:
    given(
        f"CREATE TABLE a ({ID}); CREATE TABLE b ({ID}, a bigint NOT NULL REFERENCES a);"
        "ALTER TABLE a ADD favourite bigint REFERENCES b"
    )

    filled()

    assert ask("SELECT count(favourite) FROM a") == 100


def test_a_circle_of_three_is_closed_when_it_is_deferrable(
    given: Callable[[str], None], ask: Callable[[str], Any], filled: Fill
) -> None:
    given(
        f"CREATE TABLE a ({ID}, b bigint NOT NULL); CREATE TABLE b ({ID}, c bigint NOT NULL);"
        f"CREATE TABLE c ({ID}, a bigint NOT NULL REFERENCES a);"
        "ALTER TABLE b ADD FOREIGN KEY (c) REFERENCES c;"
        "ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b DEFERRABLE"
    )

    filled()

    assert ask("SELECT count(*) FROM a JOIN b ON a.b = b.id") == 100


def test_a_circle_that_cannot_be_opened_is_named(given: Callable[[str], None], tried: Fill) -> None:
    given(
        f"CREATE TABLE a ({ID}, b bigint NOT NULL); CREATE TABLE c (x integer);"
        f"CREATE TABLE b ({ID}, a bigint NOT NULL REFERENCES a);"
        "ALTER TABLE a ADD CONSTRAINT a_to_b FOREIGN KEY (b) REFERENCES b"
    )

    done = tried()

    assert "a_to_b to b" in done.unfilled["a"].reason
    assert "b" in done.unfilled
    assert done.tables["c"].rows == 100


def test_what_refers_to_an_unfilled_table_is_null_or_told(
    given: Callable[[str], None], tried: Fill
) -> None:
    given(
        "CREATE TABLE a (id integer PRIMARY KEY CHECK (false));"
        "CREATE TABLE b (a integer REFERENCES a); CREATE TABLE c (a integer NOT NULL REFERENCES a)"
    )

    done = tried()

    assert done.tables["b"].notes == ("b_a_fkey is NULL: what it references has no rows.",)
    assert "refers to a, which has no rows" in done.unfilled["c"].reason


def test_a_reference_may_be_part_of_a_check(given: Callable[[str], None], filled: Fill) -> None:
    given(
        f"CREATE TABLE a ({ID}); CREATE TABLE b (x bigint REFERENCES a, y bigint REFERENCES a,"
        " z text, CHECK (x <> y), CHECK (num_nulls(x, z) = 1))"
    )

    filled("b")


def test_a_reference_may_lead_to_another_schema(given: Callable[[str], None], filled: Fill) -> None:
    given(
        "CREATE SCHEMA other; CREATE TABLE other.a (id date PRIMARY KEY);"
        "CREATE TABLE b (a date NOT NULL REFERENCES other.a)"
    )

    assert "other.a" in filled("b").tables
