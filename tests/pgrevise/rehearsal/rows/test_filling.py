"""Filling as a whole: what repeats, what is left behind, and real schemas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from pgrevise import settings
from pgrevise.postgres.connect import connect
from pgrevise.postgres.target import Target
from pgrevise.rehearsal.rows import fill
from pgrevise.rollout import commands
from tests.pgrevise.conftest import ROOT
from tests.pgrevise.rehearsal.rows.conftest import Fill

SHOP = """
CREATE TYPE state AS ENUM ('new', 'paid');
CREATE TABLE customer (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL,
    email varchar(80) UNIQUE CHECK (email LIKE '%@%'), born date);
CREATE TABLE purchase (id uuid PRIMARY KEY, customer bigint NOT NULL REFERENCES customer,
    state state NOT NULL, price numeric(8,2) CHECK (price > 0), tags text[], body jsonb,
    during tstzrange, a integer, b integer, CHECK (a < b));
"""
PRINT = "SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {} t"


def _prints(ask: Callable[[str], Any]) -> list[str]:
    return [ask(PRINT.format(table)) for table in ("customer", "purchase")]


def test_the_same_seed_gives_the_same_rows(
    given: Callable[[str], None], ask: Callable[[str], Any], filled: Fill
) -> None:
    given(SHOP)
    filled(rows=300, seed=7)
    first = _prints(ask)
    given("DROP TABLE purchase, customer; DROP TYPE state;" + SHOP)
    given("SET timezone = 'Asia/Tokyo'; SET datestyle = 'German'")

    filled(rows=300, seed=7)

    given("SET timezone = 'UTC'; RESET datestyle")
    assert _prints(ask) == first


def test_another_seed_gives_other_rows(
    given: Callable[[str], None], ask: Callable[[str], Any], filled: Fill
) -> None:
    given(SHOP)
    filled(rows=300, seed=1)
    first = _prints(ask)
    given("TRUNCATE customer, purchase RESTART IDENTITY")

    filled(rows=300, seed=2)

    assert _prints(ask) != first


def test_rows_are_asked_for_table_by_table(given: Callable[[str], None], filled: Fill) -> None:
    given(SHOP)

    done = filled("purchase", rows={"purchase": 40, "customer": 3})

    assert {table.name: table.rows for table in done.tables.values()} == {
        "customer": 3,
        "purchase": 40,
    }


def test_nothing_is_left_behind_but_rows(
    given: Callable[[str], None], ask: Callable[[str], Any], filled: Fill
) -> None:
    given(SHOP)
    objects = "SELECT count(*) FROM pg_class"
    before = ask(objects)

    filled()

    assert ask(objects) == before
    assert ask("SHOW datestyle") == "ISO, MDY"


def test_nothing_is_left_behind_when_it_is_interrupted(
    connection: psycopg.Connection[tuple[Any, ...]],
    given: Callable[[str], None],
    ask: Callable[[str], Any],
) -> None:
    given(SHOP)

    def interrupt(words: str) -> None:
        if words.startswith("purchase"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fill(connection, progress=interrupt)

    assert ask("SELECT count(*) FROM customer") == 0


def test_it_works_inside_an_open_transaction(
    connection: psycopg.Connection[tuple[Any, ...]],
    given: Callable[[str], None],
    ask: Callable[[str], Any],
) -> None:
    given(SHOP)

    with connection.transaction(force_rollback=True):
        fill(connection)
        fill(connection)
        assert ask("SELECT count(*) FROM purchase") == 200

    assert ask("SELECT count(*) FROM purchase") == 0


def test_the_version_table_of_alembic_is_left_alone(
    given: Callable[[str], None], filled: Fill
) -> None:
    given("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")

    assert filled().tables == {}


def test_each_nullable_column_has_null_and_each_free_one_repeats(
    given: Callable[[str], None], filled: Fill
) -> None:
    given(SHOP)

    columns = filled(rows=200).tables["purchase"].columns

    assert [c.name for c in columns if not c.nulls] == ["id", "customer", "state"]
    assert [c.name for c in columns if not c.duplicates] == ["id"]


def test_the_application_is_filled_whole(database: Target) -> None:
    commands.upgrade(settings.load(ROOT), database)

    with connect(database) as connection:
        done = fill(connection, rows=300)

    assert not done.unfilled
    assert {table.rows for table in done.tables.values()} == {300}
