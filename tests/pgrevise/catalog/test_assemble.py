"""From rows to a catalog: names, extras, what extensions own, what nobody read. No database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from pgrevise.catalog import Catalog
from pgrevise.catalog.assemble import assemble
from pgrevise.catalog.queries import common_queries, object_queries
from pgrevise.errors import ServerUnsupported

Row = dict[str, Any]
NONE: dict[str, list[Row]] = {
    "comments": [],
    "privileges": [],
    "extension_members": [],
    "extension_dependents": [],
    "role_names": [],
    "contents": [],
}


def row(kind: str, *path: str, oid: int = 1, **more: object) -> Row:
    return {"kind": kind, "path": list(path), "catalog": 1259, "oid": oid} | more


def built(*rows: Row, owners: bool = False, **common: Sequence[Mapping[str, Any]]) -> Catalog:
    return assemble({"q": list(rows)}, NONE | common, 17, ["app", "audit"], owners=owners)


def test_the_first_schema_is_not_named() -> None:
    assert ("table", "jobs") in built(row("table", "app", "jobs"))


def test_any_other_schema_is_named() -> None:
    assert ("table", "audit.jobs") in built(row("table", "audit", "jobs"))


def test_a_dot_in_a_name_is_quoted() -> None:
    assert ("table", '"audit.jobs"') in built(row("table", "app", "audit.jobs"))


def test_a_quote_in_a_name_is_doubled() -> None:
    assert ("column", 't."a""b"') in built(row("column", "app", "t", 'a"b'))


def test_letters_of_any_language_need_no_quotes() -> None:
    assert ("table", "Tâche") in built(row("table", "app", "Tâche"))


def test_a_signature_follows_the_name() -> None:
    assert ("function", "f(integer)") in built(row("function", "app", "f", signature="(integer)"))


def test_the_schema_itself_has_an_empty_name() -> None:
    assert ("schema", "") in built(row("schema", "app"))


def test_a_comment_is_a_fact_of_its_column() -> None:
    comment = {"catalog": 1259, "oid": 7, "sub": 2, "comment": "hello"}
    catalog = built(row("column", "app", "t", "a", oid=7, sub=2), comments=[comment])
    assert catalog.entries[0].facts["comment"] == "hello"


def test_privileges_are_sorted() -> None:
    about = {"catalog": 1259, "oid": 1, "sub": 0, "fact": "grants"}
    grants = [about | {"privilege": privilege} for privilege in ("b", "a")]
    catalog = built(row("table", "app", "t"), privileges=grants)
    assert catalog.entries[0].facts["grants"] == ("a", "b")


def test_owners_are_left_out_unless_wanted() -> None:
    roles = [{"oid": 10, "name": "ann"}]
    table = row("table", "app", "t", owner=10)
    assert "owner" not in built(table, role_names=roles).entries[0].facts
    assert built(table, owners=True, role_names=roles).entries[0].facts["owner"] == "ann"


def test_what_an_extension_owns_is_left_out_with_its_parts() -> None:
    column = row("column", "app", "t", "a", oid=9, parent=["table", "app", "t"])
    member = {"catalog": 1259, "oid": 1}
    assert len(built(row("table", "app", "t"), column, extension_members=[member])) == 0


def test_an_object_that_nobody_read_is_an_error_that_names_it() -> None:
    unread = {"catalog": 2607, "oid": 5, "description": "conversion c"}
    with pytest.raises(ServerUnsupported, match="conversion c"):
        built(contents=[unread])


def test_many_objects_that_nobody_read_are_counted() -> None:
    unread = [{"catalog": 1, "oid": n, "description": f"thing {n:02}"} for n in range(14)]
    with pytest.raises(ServerUnsupported, match="thing 09, and 4 more"):
        built(contents=unread)


def test_an_unread_object_of_an_extension_is_no_error() -> None:
    unread = {"catalog": 2607, "oid": 5, "description": "conversion c"}
    assert len(built(contents=[unread], extension_members=[{"catalog": 2607, "oid": 5}])) == 0


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        ("search_path=app, pg_temp", "search_path=(this schema), pg_temp"),
        ("search_path=app2, public", "search_path=app2, public"),
        ('search_path="app", "b c"', 'search_path=(this schema), "b c"'),
        ("work_mem=app", "work_mem=app"),
    ],
)
def test_a_functions_search_path_names_the_schema_symbolically(stored: str, read: str) -> None:
    catalog = built(row("function", "app", "f", settings=[stored]))
    assert catalog.entries[0].facts["settings"] == (read,)


def test_every_query_says_what_it_reads() -> None:
    for name, query in (object_queries() | common_queries()).items():
        assert query.startswith("-- "), name


def test_every_object_query_tells_kind_path_and_identity() -> None:
    for name, query in object_queries().items():
        for column in ("AS kind", "AS path", "AS catalog", "AS oid"):
            assert column in query, name
