"""The picture itself: equality, hashing, JSON, leaving objects out. No database."""

from __future__ import annotations

import pytest

from pgrevise.catalog import Catalog, Entry
from pgrevise.catalog.model import state
from pgrevise.errors import SettingsError

TABLE = Entry("table", "t", (("columns", ("a", "b")),))
COLUMN = Entry("column", "t.a", (("NOT NULL", True), ("type", "integer")), ("table", "t"))
KEY = Entry("constraint", "t.pk", (("type", "primary key"),), ("table", "t"))
INDEX = Entry("index", "pk", (("unique", True),), ("constraint", "t.pk"))
OTHER = Entry("table", 'odd "naïve" näme')
CATALOG = Catalog((COLUMN, KEY, INDEX, OTHER, TABLE), 17, ("public",))


def test_equality_ignores_the_server_and_the_schema_names() -> None:
    assert Catalog(CATALOG.entries, 18, ("other",)) == CATALOG


def test_equal_catalogs_have_equal_hashes() -> None:
    assert len({CATALOG, Catalog(CATALOG.entries, 18, ("other",))}) == 1


def test_json_gives_the_same_catalog_back() -> None:
    again = Catalog.from_json(CATALOG.to_json())
    assert (again, again.server, again.schemas) == (CATALOG, 17, ("public",))


def test_json_keeps_parents() -> None:
    assert Catalog.from_json(CATALOG.to_json()).without([("table", "t")]).entries == (OTHER,)


def test_json_is_the_same_text_for_the_same_catalog() -> None:
    assert Catalog.from_json(CATALOG.to_json()).to_json() == CATALOG.to_json()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 1}', '{"format": 1, "entries": [3]}'])
def test_text_that_is_no_catalog_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="not a catalog"):
        Catalog.from_json(text)


def test_another_format_is_refused_by_its_number() -> None:
    with pytest.raises(SettingsError, match="format 99"):
        Catalog.from_json('{"format": 99}')


def test_without_takes_what_hangs_on_the_object_along() -> None:
    assert CATALOG.without({("table", "t")}).entries == (OTHER,)


def test_without_takes_nothing_else_along() -> None:
    assert CATALOG.without({("constraint", "t.pk")}).entries == (COLUMN, OTHER, TABLE)


def test_without_passes_over_what_is_not_there() -> None:
    assert CATALOG.without({("table", "alembic_version")}) == CATALOG


def test_an_entry_is_found_by_kind_and_name() -> None:
    assert CATALOG.get("column", "t.a") == COLUMN
    assert CATALOG.get("column", "t.z") is None


def test_entries_are_listed_by_kind() -> None:
    assert CATALOG.of_kind("table") == (OTHER, TABLE)


def test_an_address_can_be_looked_for() -> None:
    assert ("index", "pk") in CATALOG
    assert ("index", "nope") not in CATALOG


def test_facts_are_read_by_name() -> None:
    assert COLUMN.facts["type"] == "integer"


def test_facts_that_say_nothing_are_not_kept() -> None:
    assert state({"b": [], "c": None, "d": False}) == ()


def test_zero_and_empty_text_are_kept() -> None:
    assert state({"b": 0, "a": ""}) == (("a", ""), ("b", 0))


def test_catalogs_iterate_over_their_entries() -> None:
    assert len(CATALOG) == len(list(CATALOG)) == 5
