"""The tip of a long history is known without reading it, and never when anything changed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pgrevise.caches import cache_root
from pgrevise.history import reading
from pgrevise.history.headers import Header
from pgrevise.history.kept import SETTLED_NANOSECONDS, WORTH_KEEPING
from pgrevise.history.layout import layout
from pgrevise.history.outline import outline
from pgrevise.history.tip import Tip, fingerprint, tip
from pgrevise.postgres.connect import connect
from pgrevise.postgres.target import Target
from pgrevise.rollout import pending
from pgrevise.rollout.position import position
from tests.pgrevise.conftest import Project

TEXT = '"""number {0}"""\nrevision = "{0:04}"\ndown_revision = {1!r}\n'
NEWEST = f"{WORTH_KEEPING - 1:04}"
FOUND = Tip(NEWEST, f"number {WORTH_KEEPING - 1}")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return cache_root() / "headers"


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folders of long histories whose files were written a while ago."""
    made = []
    for _ in range(20):
        folder = tmp_path_factory.mktemp("versions")
        for number in range(WORTH_KEEPING):
            parent = f"{number - 1:04}" if number else None
            (folder / f"{number:04}.py").write_text(TEXT.format(number, parent))
        made.append(folder)
    time.sleep(SETTLED_NANOSECONDS / 1e9 + 0.1)
    return iter(made)


@pytest.fixture
def long(project: Project, settled: Iterator[Path]) -> Project:
    """A project with such a history."""
    project.versions.rmdir()
    next(settled).rename(project.versions)
    return project


def known(project: Project) -> Tip | None:
    found = layout(project.settings)
    assert found is not None
    return tip(found)


def test_the_tip_is_known_after_the_history_was_read_once(long: Project) -> None:
    assert known(long) is None
    outline(long.settings)
    assert known(long) == FOUND


def test_a_file_more_is_noticed(long: Project) -> None:
    outline(long.settings)
    (long.versions / "x.py").write_text(TEXT.format(9000, NEWEST))
    assert known(long) is None


def test_a_file_that_changed_is_noticed(long: Project) -> None:
    outline(long.settings)
    (long.versions / "0007.py").write_text(TEXT.format(7, "0005"))
    assert known(long) is None


def test_what_was_just_touched_has_no_fingerprint(long: Project) -> None:
    paths = [str(path) for path in sorted(long.versions.glob("*.py"))]
    assert fingerprint(paths)
    Path(paths[3]).touch()
    assert fingerprint(paths) == ""


def test_a_file_that_changes_while_it_is_read_leaves_nothing_behind(
    long: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = long.versions / f"{NEWEST}.py"

    def read(path: str) -> Header | None:
        if path == str(long.versions / "0000.py"):
            changed.write_text(TEXT.format(8000, f"{WORTH_KEEPING - 2:04}"))
            time.sleep(SETTLED_NANOSECONDS / 1e9 + 0.1)
        return original(path)

    original = reading.read_header
    monkeypatch.setattr(reading, "read_header", read)
    outline(long.settings)
    assert known(long) is None


def test_two_heads_have_no_tip(long: Project) -> None:
    (long.versions / "x.py").write_text(TEXT.format(9000, "0100"))
    time.sleep(SETTLED_NANOSECONDS / 1e9 + 0.1)
    outline(long.settings)
    assert known(long) is None


@pytest.mark.parametrize("rubbish", [b"", b"[", b"{}", b"[1,2]", b"\xff", b"null"])
def test_what_cannot_be_read_is_done_without(long: Project, cache: Path, rubbish: bytes) -> None:
    outline(long.settings)
    (found,) = cache.glob("*.tip")
    found.write_bytes(rubbish)
    assert known(long) is None


def stamp(database: Target, *revisions: str) -> None:
    with connect(database) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")
        for revision in revisions:
            connection.execute("INSERT INTO alembic_version VALUES (%s)", [revision])


@pytest.mark.parametrize("stamps", [[], [NEWEST], ["0003"], ["nothing"]])
def test_with_and_without_it_the_answer_is_the_same(
    long: Project, cache: Path, stamps: list[str]
) -> None:
    assert long.database
    stamp(long.database, *stamps)
    answers = []
    for _ in range(2):
        at = pending.standing_at(long.settings, long.database, "head")
        answers.append((at, position(long.settings, long.database)))
    assert list(cache.glob("*.tip"))
    assert answers[0] == answers[1]
