"""What counts as a change, and how it reads. No database."""

from __future__ import annotations

from pgrevise.catalog import COLUMN_ORDER, Catalog, Change, Entry, Fact, diff
from pgrevise.catalog.model import state


def catalog(*entries: Entry) -> Catalog:
    return Catalog(tuple(sorted(entries, key=lambda e: e.address)), 17, ("public",))


def entry(kind: str, name: str, parent: tuple[str, str] | None = None, **facts: object) -> Entry:
    return Entry(kind, name, state(facts), parent)


def one(kind: str, fact: str, was: object, now: object) -> Change:
    before, after = (Entry(kind, "n", state({fact: value})) for value in (was, now))
    (change,) = diff(catalog(before), catalog(after))
    return change


def sentence(kind: str, fact: str, was: object, now: object) -> str:
    return one(kind, fact, was, now).sentence


def table(*columns: str) -> Catalog:
    return catalog(
        entry("table", "t", columns=list(columns)),
        *(entry("column", f"t.{c}", ("table", "t")) for c in columns),
    )


def test_equal_catalogs_do_not_differ() -> None:
    assert diff(table("a", "b"), table("a", "b")) == []


def test_a_changed_fact_says_what_it_was_and_is() -> None:
    change = one("column", "type", "smallint", "integer")
    assert change == Change("changed", "column", "n", "type", "smallint", "integer")


def test_a_value_change_reads_as_a_sentence() -> None:
    text = sentence("column", "type", "smallint", "integer")
    assert text == "column n: type was smallint and is integer"


def test_a_lost_fact_is_missing() -> None:
    assert sentence("index", "WHERE", "(a > 1)", None) == "index n is missing its WHERE: (a > 1)"


def test_a_gained_fact_is_new() -> None:
    assert sentence("column", "default", None, "0") == "column n has a new default: 0"


def test_a_flag_reads_as_yes_and_no() -> None:
    assert sentence("index", "unique", True, None) == "index n: unique was yes and is no"


def test_what_stands_for_a_default_is_said() -> None:
    text = sentence("table", "persistence", None, "unlogged")
    assert text == "table n: persistence was permanent and is unlogged"


def test_a_list_tells_what_it_lost_and_gained() -> None:
    text = sentence("enum", "labels", ["a", "b"], ["b", "c"])
    assert text == "enum n: labels lost a; gained c"


def test_a_list_in_another_order_says_so() -> None:
    text = sentence("enum", "labels", ["a", "b"], ["b", "a"])
    assert text == "enum n: labels are in another order: a, b was, b, a is"


def test_a_list_that_repeats_itself_is_shown_whole() -> None:
    text = sentence("table", "x", ["a"], ["a", "a"])
    assert text == "table n: x are in another order: a was, a, a is"


def test_a_long_text_names_the_first_line_that_differs() -> None:
    text = sentence("function", "body", "begin\n a;\nend", "begin\n b;\nend")
    assert text == "function n: body differs from line 2: was a; and is b;"


def test_a_text_that_ends_earlier_says_so() -> None:
    text = sentence("function", "body", "a\nb", "a")
    assert text == "function n: body differs from line 2: was b and is the end"


def test_a_very_long_value_is_cut() -> None:
    assert len(sentence("view", "definition", "x", "y" * 500)) < 250


def test_a_sentence_is_one_line() -> None:
    assert "\n" not in sentence("table", "comment", None, "one\ntwo")


def test_a_new_object_is_added() -> None:
    (change,) = diff(catalog(), catalog(entry("enum", "mood")))
    assert (change.kind, change.sentence) == ("added", "enum mood is new")


def test_a_lost_object_is_removed() -> None:
    (change,) = diff(catalog(entry("enum", "mood")), catalog())
    assert (change.kind, change.sentence) == ("removed", "enum mood is missing")


def test_the_schema_itself_needs_no_name() -> None:
    before, after = (Entry("schema", "", state({"comment": c})) for c in ("a", "b"))
    (change,) = diff(catalog(before), catalog(after))
    assert change.sentence == "schema: comment was a and is b"


def test_what_came_with_its_parent_is_not_listed_again() -> None:
    assert diff(catalog(), table("a", "b")) == [Change("added", "table", "t")]


def test_what_went_with_its_parent_is_not_listed_again() -> None:
    assert diff(table("a", "b"), catalog()) == [Change("removed", "table", "t")]


def test_a_new_column_is_no_change_of_order() -> None:
    assert diff(table("a", "b"), table("a", "x", "b")) == [Change("added", "column", "t.x")]


def test_a_lost_column_is_no_change_of_order() -> None:
    assert diff(table("a", "b", "c"), table("a", "c")) == [Change("removed", "column", "t.b")]


def test_another_order_of_columns_is_a_fact_of_its_own() -> None:
    (change,) = diff(table("a", "b", "c"), table("a", "c", "b"))
    assert change.fact == COLUMN_ORDER
    assert change.was == ("a", "b", "c")
    assert change.sentence == ("table t has columns in another order: a, b, c was, a, c, b is")


def test_order_and_a_new_column_are_two_changes() -> None:
    facts = [(c.object_kind, c.fact) for c in diff(table("a", "b"), table("b", "a", "x"))]
    assert facts == [("column", None), ("table", COLUMN_ORDER)]


def test_changes_are_sorted_by_kind_and_name() -> None:
    changes = diff(catalog(), catalog(entry("table", "b"), entry("enum", "z"), entry("table", "a")))
    assert [c.name for c in changes] == ["z", "a", "b"]


def test_a_number_differs_from_the_same_text() -> None:
    values: tuple[Fact, Fact] = (1, "1")
    assert one("sequence", "start", *values).was == 1
