"""A lazy history answers every question as Alembic's own does, and runs no file for it."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic.config import Config
from alembic.script import Script, ScriptDirectory
from hypothesis import given, settings
from hypothesis import strategies as st

from pgrevise.errors import HistoryConflict
from pgrevise.history.lazy import make_lazy, replaces
from pgrevise.history.script import configuration, open_history
from tests.pgrevise.conftest import Project
from tests.pgrevise.history.generated import LABELS, NAMES, Revision, histories, stock, written

WORDS = (
    "head", "heads", "base", "+1", "-1", "+2", "2024", "beef", "ab", "nothing", "elsewhere",
    "billing@head", "mail@+1", "billing@base", "mail@heads",
    *NAMES[:3], f"{NAMES[0]}+1", f"{NAMES[1]}-1",
)  # fmt: skip
Question = Callable[[ScriptDirectory], Any]


def answer(script: ScriptDirectory, question: Question) -> Any:
    """What it answers, or how it refuses."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return question(script)
        except Exception as error:  # noqa: BLE001 - whatever it is, both are to raise it
            return type(error).__name__, str(error)


def facts(revision: Script | None) -> Any:
    if revision is None:
        return None
    names = ("revision", "down_revision", "dependencies", "branch_labels", "nextrev", "path")
    shown = (revision.doc, revision.longdoc, str(revision), revision.log_entry, replaces(revision))
    marks = (revision.is_head, revision.is_base, revision.is_branch_point, revision.is_merge_point)
    return [getattr(revision, name) for name in names], shown, marks


def questions(words: list[str], at: tuple[str, ...]) -> list[Question]:
    """Whatever a command may ask of a history."""
    return [
        lambda s: [facts(r) for r in s.walk_revisions()],
        lambda s: (s.get_heads(), s.get_heads(consider_depends_on=True), s.get_bases()),
        lambda s: s.get_current_head(),
        lambda s: {r.revision for r in s.get_all_current(at)},
        *(question for word in words for question in about(word, at)),
    ]


def about(word: str, at: Any) -> list[Question]:
    """What is asked with a revision that somebody named, of a database that stands at ``at``."""
    return [
        lambda s: facts(s.get_revision(word)),
        lambda s: [facts(r) for r in s.get_revisions(word)],
        lambda s: s.as_revision_number(word),
        lambda s: [str(step) for step in s._upgrade_revs(word, at)],
        lambda s: [str(step) for step in s._downgrade_revs(word, at)],
        lambda s: [str(step) for step in s._stamp_revs(word, at)],
        lambda s: [r.revision for r in s.iterate_revisions(word, "base")],
    ]


def assert_equal_answers(history: list[Revision], asked: list[Question]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        ini = written(history, Path(folder))
        eager, lazy = stock(ini), make_lazy(stock(ini))
        for question in asked:
            assert answer(lazy, question) == answer(eager, question)


@settings(deadline=None, max_examples=60)
@given(histories(), st.lists(st.sampled_from(WORDS), max_size=5), st.data())
def test_a_lazy_history_answers_as_alembic_does(
    history: list[Revision], words: list[str], data: st.DataObject
) -> None:
    at = data.draw(st.lists(st.sampled_from([r.name for r in history]), max_size=2, unique=True))
    assert_equal_answers(history, questions(words, tuple(at)))


@settings(deadline=None, max_examples=60)
@given(histories(broken=True))
def test_a_broken_history_is_refused_as_alembic_does(history: list[Revision]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        ini = written(history, Path(folder))
        told = answer(make_lazy(stock(ini)), lambda s: s.get_heads())
        if told != answer(stock(ini), lambda s: s.get_heads()):
            assert told[0] == "CycleDetected"


def test_a_circle_that_alembic_goes_round_forever_is_refused() -> None:
    circle = [
        Revision("ab"),
        Revision("2024b", parents=("ab", "2025aaaa")),
        Revision("2025aaaa", parents=("2024b",)),
        Revision("abcdef", parents=("2025aaaa",)),
    ]
    with tempfile.TemporaryDirectory() as folder:
        ini = written(circle, Path(folder))
        told = answer(make_lazy(stock(ini)), lambda s: s.get_heads())
        assert answer(stock(ini), lambda s: s.get_heads()) == ["abcdef"]
    assert told == ("CycleDetected", "Cycle is detected in revisions (2024b, 2025aaaa)")


def test_a_label_that_two_have_is_refused_as_alembic_does() -> None:
    twice = [Revision(name, labels=LABELS[:1]) for name in NAMES[:2]]
    with tempfile.TemporaryDirectory() as folder:
        ini = written(twice, Path(folder))
        told = answer(make_lazy(stock(ini)), lambda s: s.get_heads())
    assert "already used by revision" in told[1]


def noisy(project: Project, name: str, parent: str | None = None) -> Path:
    """A revision that leaves a mark when it is imported."""
    path = project.revision(name, parent=parent)
    mark = project.root / f"{name}.ran"
    path.write_text(path.read_text() + f"\nopen({str(mark)!r}, 'w').close()\n")
    return mark


def test_only_what_is_used_is_run(bare_project: Project) -> None:
    older = noisy(bare_project, "202401010000")
    newer = noisy(bare_project, "202401010001", parent="202401010000")
    script = open_history(configuration(bare_project.settings))
    assert len(list(script.walk_revisions())) == 2
    assert script.get_revision("head").module.upgrade
    assert (older.exists(), newer.exists()) == (False, True)


def test_a_file_that_cannot_be_read_without_running_it_is_run(bare_project: Project) -> None:
    mark = noisy(bare_project, "202401010000")
    path = next(bare_project.versions.glob("*.py"))
    path.write_text(path.read_text() + "\nrevision = revision.strip()\n")
    assert open_history(configuration(bare_project.settings)).get_heads() == ["202401010000"]
    assert mark.exists()


def test_a_file_that_says_another_thing_when_it_runs_is_refused(bare_project: Project) -> None:
    path = bare_project.revision("202401010000")
    script = open_history(configuration(bare_project.settings))
    path.write_text(path.read_text().replace("down_revision = None", "down_revision = 'x'"))
    with pytest.raises(HistoryConflict, match="sets down_revision to 'x' when it runs"):
        _ = script.get_revision("head").module


def test_a_folder_that_is_named_twice_is_read_once(bare_project: Project) -> None:
    bare_project.revision("202401010000")
    config = Config(str(bare_project.settings.alembic_ini))
    config.set_main_option("version_locations", f"{bare_project.versions}:{bare_project.versions}")
    with pytest.warns(UserWarning, match="loaded twice"):
        assert make_lazy(ScriptDirectory.from_config(config)).get_heads() == ["202401010000"]
