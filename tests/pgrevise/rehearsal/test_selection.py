"""Which revisions are rehearsed when one says so in words, and when one says nothing."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pgrevise.errors import HistoryConflict, UsageError
from pgrevise.postgres.connect import connect
from pgrevise.postgres.target import Target
from pgrevise.rehearsal.facts import Revision
from pgrevise.rehearsal.protocol import History, Node
from pgrevise.rehearsal.selection import named, read_history, select
from pgrevise.rehearsal.worker.loading import _subject
from tests.pgrevise.rehearsal.foreign import Foreign


def history(**parents: tuple[str, ...]) -> History:
    """A history of revisions and what each follows, in their order."""
    nodes = [Node(Revision(name, name, f"{name}.py"), above) for name, above in parents.items()]
    return History(tuple(nodes))


LINE = history(a1=(), a2=("a1",), b3=("a2",), b4=("b3",))
FORKED = history(base=(), left=("base",), right=("base",), both=("left", "right"), tip=("left",))


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("a2", "a2"),
        ("b4", "b4"),
        ("head", "b4"),
        ("-1", "b4"),
        ("-3", "a2 b3 b4"),
        ("-99", "a1 a2 b3 b4"),
        ("a2:b3", "a2 b3"),
        ("a2..head", "a2 b3 b4"),
        ("base:a2", "a1 a2"),
        (":a2", "a1 a2"),
        ("b3:", "b3 b4"),
        ("b3, a1", "a1 b3"),
    ],
)
def test_words_mean_revisions_in_the_order_of_the_history(words: str, meant: str) -> None:
    assert named(LINE, words).revisions == tuple(meant.split())


def test_a_range_holds_what_lies_between_its_ends_on_any_branch() -> None:
    assert named(FORKED, "left:both").revisions == ("left", "both")
    assert named(FORKED, "base:both").revisions == ("base", "left", "right", "both")


def test_heads_are_all_that_nothing_follows() -> None:
    assert named(FORKED, "heads").revisions == ("both", "tip")


def test_the_beginning_of_an_identifier_is_enough() -> None:
    assert named(FORKED, "ri").revisions == ("right",)


@pytest.mark.parametrize(
    ("known", "words", "told"),
    [
        (LINE, "zzz", "no revision 'zzz'"),
        (LINE, "a", "'a' begins 2 revisions: a1, a2"),
        (FORKED, "head", "2 heads: both, tip"),
    ],
)
def test_words_that_mean_nothing_or_too_much_are_refused(
    known: History, words: str, told: str
) -> None:
    with pytest.raises(HistoryConflict, match=told):
        named(known, words)


def test_a_range_the_wrong_way_round_is_refused() -> None:
    with pytest.raises(UsageError, match="b3 does not come before a1"):
        named(LINE, "b3:a1")


def test_a_squashed_revision_leads_to_its_baseline() -> None:
    squashed = History((Node(Revision("b2", "b2", "b2.py"), (), replaces=("b1",)),))
    with pytest.raises(HistoryConflict, match="squashed into the baseline b2"):
        named(squashed, "b1")


@pytest.fixture
def project(tmp_path: Path) -> Foreign:
    made = Foreign.made(tmp_path)
    made.table("one", "a")
    made.table("two", "b", "one")
    return made


def git(project: Foreign, *arguments: str) -> None:
    identity = ["-c", "user.name=a", "-c", "user.email=a@b.invalid", "-c", "commit.gpgsign=false"]
    subprocess.run(
        ["git", *identity, *arguments], cwd=project.root, check=True, capture_output=True
    )


@pytest.fixture
def repository(project: Foreign) -> Foreign:
    git(project, "init", "-b", "main")
    (project.root / ".gitignore").write_text("__pycache__/\n")
    git(project, "add", ".")
    git(project, "commit", "-m", "start")
    return project


def test_without_git_it_is_the_newest_revision(project: Foreign) -> None:
    chosen = select(project.settings)
    assert chosen.revisions == ("two",)
    assert "no main branch of git" in chosen.words


def test_on_the_main_branch_it_is_the_newest_revision(repository: Foreign) -> None:
    chosen = select(repository.settings)
    assert chosen.revisions == ("two",)
    assert "this is main" in chosen.words


def test_on_a_branch_it_is_what_the_branch_adds_committed_or_not(repository: Foreign) -> None:
    git(repository, "checkout", "-b", "feature")
    repository.table("three", "c", "two")
    git(repository, "add", ".")
    git(repository, "commit", "-m", "three")
    repository.table("four", "d", "three")
    git(repository, "add", ".")
    repository.table("five", "e", "four")
    chosen = select(repository.settings)
    assert chosen.revisions == ("three", "four", "five")
    assert chosen.words == "3 revisions that this branch adds to main"


def test_a_revision_that_a_branch_only_edits_is_not_added(repository: Foreign) -> None:
    git(repository, "checkout", "-b", "feature")
    path = repository.root / "migrations" / "versions" / "one_change.py"
    path.write_text(path.read_text() + "# edited\n")
    assert "adds none to main" in select(repository.settings).words


def test_a_shallow_clone_is_the_reason_that_there_is_nothing_to_compare_with(
    repository: Foreign, tmp_path: Path
) -> None:
    git(repository, "checkout", "-b", "feature")
    clone = tmp_path / "clone"
    git(repository, "clone", "--depth=1", "--no-tags", f"file://{repository.root}", str(clone))
    shallow = Foreign(clone)
    git(shallow, "remote", "remove", "origin")
    assert "fetch-depth: 0" in select(shallow.settings).words


def test_with_a_url_it_is_what_is_pending_there(project: Foreign, database: Target) -> None:
    with connect(database) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num text)")
        connection.execute("INSERT INTO alembic_version VALUES ('one')")
    chosen = select(project.settings, url_target=database)
    assert chosen.revisions == ("two",)
    assert "is at one" in chosen.words


def test_the_version_table_there_may_have_another_name_and_schema(
    project: Foreign, database: Target
) -> None:
    with connect(database) as connection:
        connection.execute("CREATE SCHEMA shop")
        connection.execute("CREATE TABLE shop.shop_version (version_num text)")
        connection.execute("INSERT INTO shop.shop_version VALUES ('one')")
        connection.execute("CREATE TABLE theirs (version_num text)")
        connection.execute("INSERT INTO theirs VALUES ('of another project')")
    assert select(project.settings, url_target=database).revisions == ("two",)


def test_words_that_name_nothing_are_refused() -> None:
    with pytest.raises(UsageError, match="names no revision"):
        named(LINE, "-0")


def test_a_stamp_that_is_not_in_this_checkout_is_refused(
    project: Foreign, database: Target
) -> None:
    with connect(database) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num text)")
        connection.execute("INSERT INTO alembic_version VALUES ('elsewhere')")
    with pytest.raises(HistoryConflict, match="elsewhere, which this checkout does not have"):
        select(project.settings, url_target=database)


def test_everything_is_the_whole_history_from_base_to_head(project: Foreign) -> None:
    chosen = select(project.settings, everything=True)
    assert (chosen.revisions, chosen.words) == (("one", "two"), "all 2 revisions")


def test_an_empty_history_is_told_as_that(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no revision to rehearse"):
        select(Foreign.made(tmp_path).settings)


def test_a_revision_is_described_by_its_file(project: Foreign) -> None:
    revision = read_history(project.settings).node("two").revision
    assert (revision.subject, revision.parents) == ("change", ("one",))
    assert revision.file == "migrations/versions/two_change.py"
    assert revision.source.startswith('"""change"""')


@pytest.mark.parametrize(
    ("docstring", "name", "subject"),
    [
        ("Give jobs a tenant.", "1a2b_tenant.py", "Give jobs a tenant."),
        ("Two\nlines", "1a2b_tenant.py", "Two lines"),
        ("empty message", "0055_service_whitelist.py", "service whitelist"),
        ("Revision ID: 1a2b", "1a2b3c_add_face.py", "add face"),
        ("", "2026-06-17-1034_add_meter.py", "add meter"),
        ("", "cafe.py", "cafe"),
    ],
)
def test_a_revision_that_does_not_say_what_it_does_is_called_by_its_file(
    docstring: str, name: str, subject: str
) -> None:
    assert _subject(docstring, Path(name)) == subject
