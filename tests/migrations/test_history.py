"""The revisions on disk: their order, identifiers and names. No database."""

import ast
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from alembic.script import Script

from pgrevise.history.names import FILE_NAME


def test_there_is_one_base_and_one_head(history: list[Script]) -> None:
    assert [r.revision for r in history if r.is_head] == [history[-1].revision]
    assert [r.revision for r in history if r.is_base] == [history[0].revision]


def test_each_revision_follows_the_one_before(history: list[Script]) -> None:
    for parent, child in pairwise(history):
        assert child.down_revision == parent.revision


def test_identifiers_grow_with_the_history(history: list[Script]) -> None:
    identifiers = [r.revision for r in history]
    assert identifiers == sorted(set(identifiers))


def test_a_file_is_named_by_its_identifier_and_words(revision: Script) -> None:
    name = FILE_NAME.fullmatch(Path(revision.path).name)
    assert name is not None
    assert name["identifier"] == revision.revision


def test_an_identifier_is_a_minute_in_utc(revision: Script) -> None:
    moment = datetime.strptime(f"{revision.revision}+0000", "%Y%m%d%H%M%z")
    assert moment.year >= 2024


def test_a_docstring_begins_with_a_subject_line(revision: Script) -> None:
    assert revision.doc
    assert "\n" not in revision.doc


def test_a_revision_can_be_undone_or_moves_only_data(revision: Script) -> None:
    tree = ast.parse(Path(revision.path).read_text(encoding="utf-8"))
    bodies = {node.name: node.body for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert not isinstance(bodies["upgrade"][-1], ast.Pass)
    if isinstance(bodies["downgrade"][-1], ast.Pass):
        assert "backfill" in revision.doc.lower()


def test_no_revision_imports_the_application(revision: Script) -> None:
    tree = ast.parse(Path(revision.path).read_text(encoding="utf-8"))
    imported = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    imported |= {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert not {name for name in imported if name.split(".")[0] == "app"}
