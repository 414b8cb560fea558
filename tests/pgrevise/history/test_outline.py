"""The history from its headers is the one Alembic loads, or it is left to Alembic."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings

from pgrevise.history.listing import Entry, listing
from pgrevise.history.outline import outline
from pgrevise.settings import Settings
from tests.pgrevise.conftest import Project
from tests.pgrevise.history.generated import Revision, histories, stock, written

DIAMOND = [
    Revision("2024b", parents=("2024aaaa", "2024aaab")),
    Revision("2024aaaa", parents=("ab",)),
    Revision("ab"),
    Revision("2024aaab", parents=("ab",)),
]


def assert_as_loaded(history: list[Revision], *, told: bool | None = None) -> None:
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("error")
        ini = written(history, Path(folder))
        graph = outline(Settings(ini.parent, ini))
        assert told is None or told is (graph is not None)
        if graph is None:
            return
        loaded = stock(ini)
        walked = [revision.revision for revision in loaded.walk_revisions()]
        assert list(graph.order) == walked[::-1]
        assert set(graph.heads) == set(loaded.get_heads())
        assert set(graph.tips) == set(loaded.get_heads(consider_depends_on=True))
        for name in graph.headers:
            below = loaded.revision_map._get_ancestor_nodes(loaded.get_revisions(name))
            assert graph.lineage([name]) == {revision.revision for revision in below}


@hypothesis_settings(deadline=None, max_examples=150)
@given(histories())
@example(DIAMOND)
def test_a_history_is_told_as_alembic_loads_it(history: list[Revision]) -> None:
    assert_as_loaded(history)


@hypothesis_settings(deadline=None, max_examples=100)
@given(histories(broken=True))
def test_what_alembic_refuses_is_left_to_it(history: list[Revision]) -> None:
    assert_as_loaded(history)


@pytest.mark.parametrize(
    "history",
    [
        [],
        [Revision("ab"), Revision("2024aaaa", parents=("ab",))],
        DIAMOND,
        [Revision("ab", labels=("mail",)), Revision("abcdef", depends=("ab",))],
        [Revision("ab", replaces=("gone",)), Revision("2024b", parents=("ab",), depends=("ab",))],
    ],
    ids=["empty", "line", "diamond", "dependency", "baseline"],
)
def test_ordinary_histories_need_no_alembic(history: list[Revision]) -> None:
    twice_named = any(set(one.parents) & set(one.depends) for one in history)
    assert_as_loaded(history, told=not twice_named)


@pytest.mark.parametrize(
    "history",
    [
        [Revision("ab", computed=True)],
        [Revision("ab", parents=("elsewhere",))],
        [Revision("ab", parents=("ab",))],
        [Revision("ab", parents=("2024b",)), Revision("2024b", parents=("ab",))],
        [Revision("a-b")],
        [Revision("ab"), Revision("ab")],
        [Revision("ab", labels=("mail",)), Revision("2024b", labels=("mail",))],
        [Revision("ab", labels=("mail",)), Revision("2024b", depends=("mail",))],
        [Revision("ab"), Revision("2024b"), Revision("2025aaaa", depends=("ab", "2024b"))],
    ],
    ids=[
        "computed", "missing parent", "itself", "circle", "illegal", "twice", "label twice",
        "depends on a label", "depends on two",
    ],
)  # fmt: skip
def test_what_is_not_plain_is_left_to_alembic(history: list[Revision]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        ini = written(history, root)
        assert outline(Settings(root, ini)) is None


def test_the_list_is_the_same_either_way(bare_project: Project) -> None:
    bare_project.revision("202401010000", subject="one")
    bare_project.revision("202401010001", parent="202401010000", subject="two")
    short = listing(bare_project.settings)
    odd = bare_project.versions / "202401010001_two.py"
    odd.write_text(odd.read_text() + "\nrevision = revision.strip()\n")
    assert outline(bare_project.settings) is None
    assert listing(bare_project.settings) == short
    assert isinstance(short[0], Entry)
