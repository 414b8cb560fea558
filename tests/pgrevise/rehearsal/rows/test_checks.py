"""Conditions on a row are met, at their boundaries too; one that cannot be met is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.pgrevise.rehearsal.rows.conftest import Fill

CHECKS = [
    "a integer CHECK (a > 17)",
    "a integer CHECK (a BETWEEN 3 AND 5)",
    "a integer CHECK (a % 7 = 3)",
    "a integer CHECK (a = ANY (ARRAY[10, 20, 30]))",
    "a integer CHECK (a <> 0 AND a * a < 100)",
    "a numeric(12,2) CHECK (a >= 0.5 AND a < 0.6)",
    "a double precision CHECK (a > 0 AND a < 1)",
    "a text CHECK (a IN ('x', 'it''s', 'back\\slash'))",
    "a text CHECK (length(a) = 7)",
    "a text CHECK (char_length(a) BETWEEN 3 AND 60 AND a = lower(a))",
    "a text CHECK (a <> '' AND btrim(a) = a)",
    "a text CHECK (a LIKE 'ab%')",
    "a text CHECK (a LIKE '%@%.%')",
    "a text CHECK (a ~ '^[A-Z]{3}$')",
    "a text CHECK (a ~ '^\\+[0-9]{7,15}$')",
    "a text CHECK (a ~* '^[a-z0-9._%+-]+@[a-z0-9.-]+\\.[a-z]{2,}$')",
    "a text CHECK (a ~ '^(red|green)-[[:digit:]]+$')",
    "a text CHECK (a ~ '^[0-9a-f]{64}$')",
    "a text CHECK (a !~ '[[:space:]]' AND a <> '')",
    "a text CHECK (left(a, 3) = 'v1:')",
    "a date CHECK (a >= '2024-02-01' AND a < '2024-03-01')",
    "a timestamptz CHECK (a > '2020-01-01 00:00+00' AND isfinite(a))",
    "a date CHECK (extract(isodow FROM a) < 6)",
    "a interval CHECK (a BETWEEN interval '1 day' AND interval '2 days')",
    "a jsonb CHECK (jsonb_typeof(a) = 'object')",
    "a jsonb CHECK (a ? 'kind' AND a ? 'size')",
    "a jsonb CHECK ((a ->> 'kind') = ANY (ARRAY['big', 'small']))",
    "a jsonb CHECK ((a ->> 'size')::integer > 0)",
    "a integer[] CHECK (cardinality(a) BETWEEN 1 AND 2)",
    "a text[] CHECK (a <@ ARRAY['r', 'w'])",
    "a int4range CHECK (NOT isempty(a) AND lower(a) >= 0)",
    "a tstzrange CHECK (lower_inc(a) AND NOT upper_inf(a))",
    "a inet CHECK (family(a) = 4)",
    "a uuid CHECK (a <> '00000000-0000-0000-0000-000000000000')",
    "a bytea CHECK (octet_length(a) = 32)",
    "a bit(8) CHECK (get_bit(a, 0) = 1)",
    "a integer CHECK (100 / a > 2)",
    "a integer, b integer CHECK (a < b)",
    "a integer, b integer, c integer CHECK (a + b = c)",
    "a timestamptz, b timestamptz CHECK (b >= a + interval '1 hour')",
    "a date, b date CHECK (b - a BETWEEN 1 AND 30)",
    "a text, b text CHECK ((a IS NULL) <> (b IS NULL))",
    "a text, b integer CHECK (num_nonnulls(a, b) = 1)",
    "a text CHECK (a IN ('new', 'paid', 'sent')), b date CHECK ((a = 'sent') = (b IS NOT NULL))",
    "a integer CHECK (a > 0), b integer CHECK (b > a), c integer CHECK (c > b)",
    "a text, b text CHECK (a = upper(b))",
    "a boolean NOT NULL, b integer CHECK (NOT a OR b > 5)",
    "a integer CHECK (a > 10) NO INHERIT, b integer GENERATED ALWAYS AS (a * 2) STORED "
    "CHECK (b < 1000)",
]


@pytest.mark.parametrize("columns", CHECKS)
def test_a_check_is_met(
    given: Callable[[str], None], ask: Callable[[str], Any], filled: Fill, columns: str
) -> None:
    given(f"CREATE TABLE t ({columns})")

    filled("t")

    assert ask("SELECT count(*) FROM t WHERE a IS NOT NULL") > 20


@pytest.mark.parametrize("columns", [check for check in CHECKS if " CHECK (a ~" in check])
def test_a_pattern_can_be_met_by_as_many_values_as_a_key_needs(
    given: Callable[[str], None], tried: Fill, columns: str
) -> None:
    given(f"CREATE TABLE t ({columns}, UNIQUE (a))")

    assert tried("t", rows=500).tables["t"].rows == 500


@pytest.mark.parametrize(
    ("columns", "bounds"),
    [
        ("a integer CHECK (a BETWEEN 3 AND 500)", [3, 500]),
        ("a integer CHECK (a > 17)", [18, 2**31 - 1]),
        ("a smallint CHECK (a < 5)", [-(2**15), 4]),
        ("a date CHECK (a >= '2024-02-01' AND a < '2024-03-01')", ["2024-02-01", "2024-02-29"]),
    ],
)
def test_the_bounds_of_a_check_are_there(
    given: Callable[[str], None], ask: Callable[[str], Any], filled: Fill, columns: str, bounds: Any
) -> None:
    given(f"CREATE TABLE t ({columns})")

    filled("t")

    assert [str(bound) for bound in bounds] == ask(
        "SELECT ARRAY[min(a)::text, max(a)::text] FROM t"
    )


def test_the_longest_text_that_a_check_allows_is_there(
    given: Callable[[str], None], ask: Callable[[str], Any], filled: Fill
) -> None:
    given("CREATE TABLE t (a text NOT NULL CHECK (length(a) BETWEEN 2 AND 300))")

    filled("t")

    assert ask("SELECT ARRAY[min(length(a)), max(length(a))] FROM t") == [2, 300]


def test_both_sides_of_a_condition_are_there(
    given: Callable[[str], None], ask: Callable[[str], Any], filled: Fill
) -> None:
    given(
        "CREATE TABLE t (state text NOT NULL CHECK (state IN ('open', 'done')), ended date,"
        " CHECK ((state = 'done') = (ended IS NOT NULL)))"
    )

    filled("t")

    assert ask("SELECT count(DISTINCT state) FROM t") == 2


def test_a_check_over_columns_of_which_one_is_unique(
    given: Callable[[str], None], ask: Callable[[str], Any], filled: Fill
) -> None:
    given(
        "CREATE TABLE t (n integer PRIMARY KEY, kind text NOT NULL CHECK (kind IN ('a', 'b')),"
        " CHECK (kind <> 'a' OR n > 1000))"
    )

    filled("t", rows=2000)

    assert ask("SELECT count(*) FROM t") == 2000


def test_a_generated_column_that_fails_on_some_values_is_no_obstacle(
    given: Callable[[str], None], filled: Fill
) -> None:
    given(
        "CREATE TABLE t (a timestamptz, b timestamptz, n integer NOT NULL,"
        " lasted interval GENERATED ALWAYS AS (b - a) STORED,"
        " per integer GENERATED ALWAYS AS (1000 / n + n) STORED NOT NULL)"
    )

    filled("t")


def test_a_function_of_the_schema_in_a_check_is_asked(
    given: Callable[[str], None], filled: Fill
) -> None:
    given(
        "CREATE FUNCTION fine(integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 900';"
        "CREATE TABLE t (a integer NOT NULL CHECK (fine(a)))"
    )

    filled("t")


def test_a_check_that_no_value_meets_is_named_and_the_rest_goes_on(
    given: Callable[[str], None], tried: Fill
) -> None:
    given(
        "CREATE TABLE t (a text NOT NULL CONSTRAINT secret CHECK (md5(a) LIKE '%00000'));"
        "CREATE TABLE u (a integer); CREATE VIEW v AS SELECT 1"
    )

    done = tried("t", "u", "v", "w")

    assert "the check secret" in done.unfilled["t"].reason
    assert "[tool.pgrevise.rows]" in done.unfilled["t"].next_step
    assert "a view" in done.unfilled["v"].reason
    assert "no such table" in done.unfilled["w"].reason
    assert done.tables["u"].rows == 100


def test_a_hint_is_an_expression_over_the_number_of_the_row(
    given: Callable[[str], None], ask: Callable[[str], Any], filled: Fill
) -> None:
    given("CREATE TABLE t (a text UNIQUE CHECK (length(a) = 20 AND substr(a, 5, 1) = 'k'))")

    filled("t", hints={"t.a": "lpad(i::text, 4, '0') || 'k' || repeat('z', 15)"})

    assert ask("SELECT count(DISTINCT a) FROM t") == 100


def test_a_hint_is_a_list_of_values(
    given: Callable[[str], None], ask: Callable[[str], Any], filled: Fill
) -> None:
    given("CREATE TABLE t (a text NOT NULL, b integer)")

    filled("t", hints={"t.a": ["x", "y"]})

    assert ask("SELECT array_agg(DISTINCT a ORDER BY a) FROM t") == ["x", "y"]


def test_a_hint_that_fails_is_told(given: Callable[[str], None], tried: Fill) -> None:
    given("CREATE TABLE t (a integer)")

    done = tried("t", hints={"t.a": "nonsense(i)"})

    assert "The hint for a failed: function nonsense(bigint)" in done.unfilled["t"].reason


def test_a_hint_for_no_column_is_told(given: Callable[[str], None], filled: Fill) -> None:
    given("CREATE TABLE t (a integer)")

    done = filled("t", hints={"t.b": "1", "other.b": "2"})

    assert done.tables["t"].notes == ("The hint t.b names no column.",)


def test_what_a_checks_function_mentions_is_tried(
    given: Callable[[str], None], filled: Fill
) -> None:
    given(
        "CREATE FUNCTION card(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN"
        " IF $1 !~ '^[0-9]{16}$' THEN RAISE EXCEPTION 'no card'; END IF; RETURN true; END $$;"
        "CREATE TABLE t (a text NOT NULL UNIQUE CHECK (card(a)))"
    )

    filled("t", rows=300)


def test_a_check_may_speak_of_the_whole_row_or_of_the_systems_columns(
    given: Callable[[str], None], filled: Fill
) -> None:
    given(
        "CREATE TABLE t (a integer, b text, CHECK (t.* IS NOT NULL));"
        "CREATE TABLE u (a integer CHECK (a > 10), CHECK (tableoid IS NOT NULL))"
    )

    filled()
