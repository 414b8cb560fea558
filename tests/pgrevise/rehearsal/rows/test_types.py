"""Every type that PostgreSQL has a column for gets rows, and its special values among them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.pgrevise.rehearsal.rows.conftest import Fill

TYPES = [
    "smallint",
    "integer",
    "bigint",
    "real",
    "double_precision",
    "numeric",
    "numeric(5,2)",
    "numeric(3,0)",
    "numeric(20,20)",
    "money",
    "boolean",
    "text",
    "varchar",
    "varchar(1)",
    "varchar(3)",
    "varchar(20)",
    "char",
    "char(5)",
    "bpchar",
    '"char"',
    "name",
    "bytea",
    "date",
    "time",
    "time(0)",
    "timetz",
    "timetz(3)",
    "timestamp",
    "timestamp(0)",
    "timestamptz",
    "interval",
    "interval(0)",
    "interval_year",
    "interval_day_to_second",
    "uuid",
    "json",
    "jsonb",
    "jsonpath",
    "bit",
    "bit(1)",
    "bit(7)",
    "bit(100)",
    "varbit",
    "varbit(5)",
    "inet",
    "cidr",
    "macaddr",
    "macaddr8",
    "point",
    "line",
    "lseg",
    "box",
    "path",
    "polygon",
    "circle",
    "tsvector",
    "tsquery",
    "oid",
    "xid",
    "xid8",
    "cid",
    "tid",
    "pg_lsn",
    "pg_snapshot",
    "txid_snapshot",
    "regclass",
    "regtype",
    "regproc",
    "regprocedure",
    "regoper",
    "regoperator",
    "regrole",
    "regnamespace",
    "regconfig",
    "regdictionary",
    "regcollation",
    "int2vector",
    "oidvector",
    "aclitem",
    "refcursor",
    "int4range",
    "int8range",
    "numrange",
    "tsrange",
    "tstzrange",
    "daterange",
    "int4multirange",
    "int8multirange",
    "nummultirange",
    "tsmultirange",
    "tstzmultirange",
    "datemultirange",
    "integer[]",
    "integer[][]",
    "text[]",
    "varchar(3)[]",
    "jsonb[]",
    "timestamptz[]",
    "numeric(4,1)[]",
    "box[]",
    "tstzrange[]",
]


@pytest.mark.parametrize("name", TYPES)
def test_a_type_fills_columns_nullable_and_not(
    given: Callable[[str], None], filled: Fill, name: str
) -> None:
    type_ = name.replace("_precision", " precision").replace("interval_", "interval ")
    type_ = type_.replace("_to_", " to ")
    given(f"CREATE TABLE t (a {type_} NOT NULL, b {type_})")

    columns = {column.name: column for column in filled("t").tables["t"].columns}

    assert columns["b"].nulls
    assert not columns["a"].nulls
    assert columns["a"].missed == ()


@pytest.mark.parametrize(
    "name",
    [
        "smallint",
        "integer",
        "bigint",
        "numeric",
        "numeric(12,2)",
        "text",
        "varchar(8)",
        "char(9)",
        "bytea",
        "date",
        "time",
        "timestamp",
        "timestamptz",
        "interval",
        "uuid",
        "jsonb",
        "bit(20)",
        "inet",
        "macaddr",
        "oid",
        "int4range",
        "tstzrange",
        "integer[]",
        "text[]",
        "pg_lsn",
        "double_precision",
        "name",
        "money",
        "tsvector",
        "xid8",
    ],
)
def test_a_type_fills_a_unique_column(
    given: Callable[[str], None], ask: Callable[[str], Any], filled: Fill, name: str
) -> None:
    type_ = name.replace("_precision", " precision")
    given(f"CREATE TABLE t (a {type_} UNIQUE)")

    filled("t", rows=500)

    assert ask("SELECT count(*) FROM t") == 500


@pytest.mark.parametrize(
    ("type_", "values"),
    [
        ("integer", {"-2147483648", "2147483647", "0", "-1", "1"}),
        ("numeric(5,2)", {"999.99", "-999.99", "0.01", "NaN"}),
        ("date", {"-infinity", "infinity", "5874897-12-31", "4714-11-24 BC"}),
        ("timestamptz", {"-infinity", "infinity", "294276-12-31 23:59:59.999999+00"}),
        ("varchar(7)", {"", "xxxxxxx", "\U0001f600 astra", "e\u0301 comb"}),
        ("double precision", {"NaN", "Infinity", "-Infinity", "5e-324", "1.7976931348623157e+308"}),
        ("jsonb", {"null", "{}", "[]", '""'}),
        ("int4range", {"empty", "(,)"}),
        ("integer[]", {"{}", "{NULL}"}),
        ("bytea", {"\\x", "\\x00", "\\xff"}),
    ],
)
def test_the_bounds_of_a_type_are_there(
    given: Callable[[str], None],
    ask: Callable[[str], Any],
    filled: Fill,
    type_: str,
    values: set[str],
) -> None:
    given(f"CREATE TABLE t (a {type_})")

    filled("t")

    assert set(ask("SELECT array_agg(DISTINCT a::text) FROM t")) >= values


def test_an_enum_shows_each_label(
    given: Callable[[str], None], ask: Callable[[str], Any], filled: Fill
) -> None:
    given("CREATE TYPE mood AS ENUM ('sad', 'it''s ok', 'Happy'); CREATE TABLE t (a mood NOT NULL)")

    filled("t")

    assert ask("SELECT count(DISTINCT a) FROM t") == 3


def test_a_composite_type_is_filled_field_by_field(
    given: Callable[[str], None], ask: Callable[[str], Any], filled: Fill
) -> None:
    given(
        "CREATE TYPE mood AS ENUM ('a', 'b');"
        "CREATE TYPE pair AS (x integer, y text, m mood, r int4range);"
        "CREATE TABLE t (a pair NOT NULL, b pair[])"
    )

    filled("t")

    assert ask("SELECT count(DISTINCT (a).x) > 3 AND count(DISTINCT (a).y) > 3 FROM t")


def test_a_domain_meets_its_checks_and_those_of_its_base(
    given: Callable[[str], None], ask: Callable[[str], Any], filled: Fill
) -> None:
    given(
        "CREATE DOMAIN age AS integer CHECK (VALUE BETWEEN 0 AND 150);"
        "CREATE DOMAIN adult AS age NOT NULL CHECK (VALUE >= 18);"
        "CREATE TABLE t (a adult, b age, c age[])"
    )

    filled("t")

    assert ask("SELECT array[min(a), max(a)] FROM t") == [18, 150]


def test_a_domain_over_text_with_a_pattern_can_be_unique(
    given: Callable[[str], None], filled: Fill
) -> None:
    given(
        "CREATE DOMAIN code AS text CHECK (VALUE ~ '^[A-Z]{2}-[0-9]{4}$');"
        "CREATE TABLE t (a code PRIMARY KEY)"
    )

    filled("t", rows=500)


def test_a_range_type_of_ones_own_is_filled(given: Callable[[str], None], filled: Fill) -> None:
    given(
        "CREATE TYPE floatrange AS RANGE (subtype = float8, subtype_diff = float8mi);"
        "CREATE TABLE t (a floatrange NOT NULL, b floatmultirange UNIQUE)"
    )

    filled("t")


def test_names_that_need_quotes_are_quoted(given: Callable[[str], None], filled: Fill) -> None:
    given(
        'CREATE TYPE "My Type" AS ENUM (\'x\'); CREATE TABLE "a ""b" ("select" "My Type", '
        '"100%" integer CHECK ("100%" % 2 = 0), "$x" text)'
    )

    filled()


def test_a_type_that_has_no_input_is_told(given: Callable[[str], None], tried: Fill) -> None:
    given("CREATE TABLE t (a pg_ndistinct NOT NULL); CREATE TABLE u (b integer)")

    done = tried()

    assert "No value is known for column a of type pg_ndistinct" in done.unfilled["t"].reason
    assert done.tables["u"].rows == 100


def test_xml_is_filled_where_the_server_has_it_and_null_elsewhere(
    given: Callable[[str], None], ask: Callable[[str], Any], filled: Fill, has_xml: bool
) -> None:
    given("CREATE TABLE t (a xml)")

    filled("t")

    assert (ask("SELECT count(a) FROM t") > 20) == has_xml
