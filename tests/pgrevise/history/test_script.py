import pytest

from pgrevise.errors import HistoryConflict
from pgrevise.history.listing import listing
from pgrevise.history.script import configuration, open_history, single_head
from tests.pgrevise.conftest import Project


def load(project: Project) -> None:
    open_history(configuration(project.settings))


def test_an_empty_history_has_no_head(bare_project: Project) -> None:
    assert single_head(open_history(configuration(bare_project.settings))) is None
    assert listing(bare_project.settings) == []


def test_two_heads_are_both_named(bare_project: Project) -> None:
    bare_project.revision("202401010000")
    bare_project.revision("202401010001", parent="202401010000")
    bare_project.revision("202401010002", parent="202401010000")
    with pytest.raises(HistoryConflict, match="2 heads: 202401010001, 202401010002") as conflict:
        single_head(open_history(configuration(bare_project.settings)))
    assert "db.merge" in conflict.value.next_step


def test_a_syntax_error_names_the_file_and_line(bare_project: Project) -> None:
    bare_project.revision("202401010000").write_text("revision = '202401010000'\ndef upgrade(:\n")
    with pytest.raises(HistoryConflict, match=r"202401010000_change\.py, line 2"):
        load(bare_project)


def test_an_error_while_loading_names_the_line(bare_project: Project) -> None:
    path = bare_project.revision("202401010000")
    path.write_text(path.read_text() + "\nimport no_such_module\n")
    script = open_history(configuration(bare_project.settings))
    with pytest.raises(HistoryConflict, match="no_such_module") as conflict:
        _ = script.get_revision("head").module
    assert "202401010000_change.py:" in conflict.value.sentence


def test_a_self_loop_is_refused(bare_project: Project) -> None:
    bare_project.revision("202401010000", parent="202401010000")
    with pytest.raises(HistoryConflict, match="202401010000") as conflict:
        load(bare_project)
    assert "down_revision" in conflict.value.next_step


def test_a_longer_loop_is_refused(bare_project: Project) -> None:
    bare_project.revision("202401010000", parent="202401010001")
    bare_project.revision("202401010001", parent="202401010000")
    with pytest.raises(HistoryConflict, match="202401010000"):
        load(bare_project)


def test_a_parent_that_is_not_there_is_named(bare_project: Project) -> None:
    bare_project.revision("202401010001", parent="202401010000")
    with pytest.raises(HistoryConflict, match="202401010000"):
        load(bare_project)


def test_two_files_of_one_identifier_are_both_named(bare_project: Project) -> None:
    bare_project.revision("202401010000", subject="one")
    bare_project.revision("202401010000", subject="two")
    with pytest.raises(HistoryConflict, match=r"202401010000_one\.py, 202401010000_two\.py"):
        load(bare_project)


def test_the_listing_runs_from_base_to_head(bare_project: Project) -> None:
    bare_project.revision("202401010000", subject="one")
    bare_project.revision("202401010001", parent="202401010000", subject="two")
    entries = listing(bare_project.settings)
    assert [(e.revision, e.subject) for e in entries] == [
        ("202401010000", "one"),
        ("202401010001", "two"),
    ]
    assert [e.marks for e in entries] == [("base",), ("head",)]
