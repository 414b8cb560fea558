"""Servers of a test's own: each test has its runtime directory, and leaves none behind."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

import pgrevise
from pgrevise.postgres import locks, places
from pgrevise.postgres.server import ServerSpec

CLIENT = """
import json, sys
from pathlib import Path
from pgrevise.errors import ReviseError
from pgrevise.postgres.server import ServerSpec, acquire
facts = json.loads(sys.argv[1])
facts["project"] = facts["project"] and Path(facts["project"])
facts["bindir"] = facts["bindir"] and Path(facts["bindir"])
try:
    server = (lease := acquire(ServerSpec(**facts))).server
except ReviseError as error:
    print(json.dumps({"error": type(error).__name__, "text": str(error)}), flush=True)
else:
    told = {"pid": server.pid, "url": server.url(), "data": str(server.data)}
    print(json.dumps(told), flush=True)
    sys.stdin.read()
"""

SEED = """
import os, sys
from pathlib import Path
from pgrevise.postgres import cluster, privileges
from pgrevise.postgres.binaries import find
cache = Path(sys.argv[1])
binaries = find(17, download=False)
pristine = cluster.pristine(cache / "pgrevise", binaries)
pristine.parent.mkdir(parents=True)
mode = privileges.choose(binaries.program("postgres"), cache, dict(os.environ))
cluster.create(cache / "fresh", binaries, mode, print)
cluster.keep(cache / "fresh", pristine)
"""

Client = Callable[..., subprocess.Popen[str]]


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that all tests of a process share, so that most servers start from a copy."""
    cache = tmp_path_factory.mktemp("cache")
    # In a process of its own: it forks, which a process with threads should not.
    subprocess.run([sys.executable, "-c", SEED, str(cache)], env=_environment(), check=True)
    return cache


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch, shared_cache: Path) -> Iterator[Path]:
    """A short runtime directory of the test's own. What runs in it is stopped in the end."""
    memory = places.SHARED_MEMORY
    parent = memory if os.access(memory, os.W_OK) else None
    root = Path(tempfile.mkdtemp(prefix="pgr-", dir=parent))
    monkeypatch.setenv("PGREVISE_RUNTIME", str(root))
    monkeypatch.setenv("XDG_CACHE_HOME", str(shared_cache))
    monkeypatch.delenv("PGREVISE_STATE", raising=False)
    yield root
    _stop_all(root)
    shutil.rmtree(root, ignore_errors=True)


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(pgrevise.__file__).parent.parent)}


def _stop_all(root: Path) -> None:
    deadline = time.monotonic() + 10
    while running := [lock for lock in root.glob("*/server") if locks.is_locked(lock)]:
        assert time.monotonic() < deadline, f"{running} still runs"
        for lock in running:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as control, suppress(OSError):
                control.sendto(b"stop", str(lock.with_name("control")))
        time.sleep(0.01)


@pytest.fixture
def spec(runtime: Path) -> ServerSpec:
    """A test server that ends soon after its last user."""
    return ServerSpec("test", 17, linger=0.3)


@pytest.fixture
def projects() -> Iterator[Path]:
    """A directory for projects, in memory where that can be."""
    memory = places.SHARED_MEMORY
    parent = memory if os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="pgp-", dir=parent, ignore_cleanup_errors=True) as name:
        yield Path(name)


@pytest.fixture
def development(projects: Path, runtime: Path) -> ServerSpec:
    """A project's development server, the project's path being an odd one."""
    project = projects / 'it\'s a "prøject", 100% ünicode'
    project.mkdir()
    return ServerSpec("development", 17, project=project, linger=0.3)


@pytest.fixture
def client() -> Iterator[Client]:
    """Start a process that acquires a server, prints its facts, and holds it until told not to.

    Takes the spec, words to put before the command, and the interpreter to use.
    """
    started: list[subprocess.Popen[str]] = []

    def start(
        spec: ServerSpec, *before: str, python: str = sys.executable
    ) -> subprocess.Popen[str]:
        facts = {
            "kind": spec.kind,
            "major": spec.major,
            "linger": spec.linger,
            "project": spec.project and str(spec.project),
            "bindir": spec.bindir and str(spec.bindir),
        }
        process = subprocess.Popen(
            [*before, python, "-c", CLIENT, json.dumps(facts)],
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def facts() -> Callable[[subprocess.Popen[str]], dict[str, str]]:
    """Read what a client process says of its server."""

    def read(process: subprocess.Popen[str]) -> dict[str, str]:
        assert process.stdout
        told: dict[str, str] = json.loads(process.stdout.readline())
        return told

    return read


@pytest.fixture
def supervisor() -> Callable[[int], int]:
    """Find the supervisor of a postmaster: its parent process."""

    def find(postmaster: int) -> int:
        shown = subprocess.run(
            ["ps", "-o", "ppid=", "-p", str(postmaster)], capture_output=True, check=True
        )
        return int(shown.stdout)

    return find


@pytest.fixture
def gone() -> Callable[[int], bool]:
    """Wait until a process has ended; False when it lives on for five seconds."""

    def wait(pid: int) -> bool:
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            shown = subprocess.run(
                ["ps", "-o", "state=", "-p", str(pid)], capture_output=True, check=False
            )
            # What has ended may wait as a zombie for a lazy init process.
            if shown.stdout.strip() in (b"", b"Z"):
                return True
            time.sleep(0.005)
        return False

    return wait
