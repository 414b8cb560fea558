"""Headers are kept for the next command, and never outlive what they were read from."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pgrevise.caches import cache_root
from pgrevise.history.headers import Header
from pgrevise.history.kept import SETTLED_NANOSECONDS, WORTH_KEEPING
from pgrevise.history.reading import read_headers

COUNT = WORTH_KEEPING
TEXT = "revision = {!r}\ndown_revision = None\nreplaces = ('a', 'b')\n"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return cache_root() / "headers"


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folders of files that count as settled: the time of a file's change cannot be set."""
    made = []
    for _ in range(20):
        folder = tmp_path_factory.mktemp("versions")
        for place in range(COUNT):
            (folder / f"{place:04}.py").write_text(TEXT.format(f"{place:04}"))
        made.append(folder)
    time.sleep(SETTLED_NANOSECONDS / 1e9 + 0.1)
    return iter(made)


@pytest.fixture
def files(settled: Iterator[Path]) -> list[str]:
    """As many files as are worth it."""
    folder = next(settled)
    return [str(folder / f"{place:04}.py") for place in range(COUNT)]


def names(files: list[str]) -> list[str | None]:
    return [found and found.revision for _, found in read_headers(files)]


def test_what_was_kept_is_what_was_read(files: list[str], cache: Path) -> None:
    first = read_headers(files)
    assert len(list(cache.iterdir())) == 1
    assert read_headers(files) == first
    assert first[0] == (files[0], Header("0000", None, replaces=("a", "b")))


def test_a_file_that_changed_is_read_again(files: list[str]) -> None:
    read_headers(files)
    before = Path(files[0]).stat()
    Path(files[0]).write_text(TEXT.format("9999"))
    # Not even by giving it its old times back can a file be passed off as unchanged.
    os.utime(files[0], ns=(before.st_atime_ns, before.st_mtime_ns))
    assert names(files)[0] == "9999"


def test_a_file_that_was_put_in_the_place_of_another_is_read(files: list[str]) -> None:
    read_headers(files)
    Path(files[1]).replace(files[0])
    assert names(files)[:2] == ["0001", None]


def test_a_file_that_was_just_touched_is_not_kept(files: list[str], cache: Path) -> None:
    read_headers(files)
    Path(files[0]).write_text(TEXT.format("9998"))
    names(files)
    assert '"9998"' not in next(cache.iterdir()).read_text()


@pytest.mark.parametrize("rubbish", [b"", b"[", b"{}", b"[[],[],[]]", b"\xff", b"[1,2,3]", b"null"])
def test_a_cache_that_cannot_be_read_is_done_without(
    files: list[str], cache: Path, rubbish: bytes
) -> None:
    first = read_headers(files)
    next(cache.iterdir()).write_bytes(rubbish)
    assert read_headers(files) == first


def test_a_cache_that_cannot_be_written_is_done_without(files: list[str], cache: Path) -> None:
    cache.parent.mkdir(parents=True)
    cache.write_text("a file is in its place")
    assert names(files)[0] == "0000"


def test_few_files_are_not_kept(tmp_path: Path, cache: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text(TEXT.format("a"))
    assert names([str(path), str(tmp_path / "gone.py")]) == ["a", None]
    assert not cache.exists()
