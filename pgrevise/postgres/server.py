"""The private PostgreSQL server, as everyone else sees it: acquire it, look at it, stop it.

Two kinds: a project's *development* server keeps its data under ``.pgrevise``; the *test* server
is shared by all that this user runs on the same binaries, and keeps nothing. Both live as long
as somebody holds a lease, and a while longer. The server itself is owned by a process of its
own, `pgrevise.postgres.supervisor`. Nothing here connects to a database.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal
from urllib.parse import quote

from pgrevise.caches import cache_root
from pgrevise.errors import ServerUnavailable, UsageError
from pgrevise.postgres import cluster, launch, locks, places, plan, postmaster
from pgrevise.postgres.binaries import Binaries, find

Progress = Callable[[str], None]

#: How long a server outlasts its last user, in seconds, when a spec does not say.
LINGER = {"development": 300.0, "test": 5.0}


@dataclass(frozen=True)
class ServerSpec:
    """Which server is meant.

    ``major`` None means the newest installed version. ``project`` is the project's root, which
    a development server needs. ``bindir`` names the programs to use. ``linger`` is how long, in
    seconds, the server outlasts its last user (None: 300 for development, 5 for tests); of
    several users of one server the one that starts it decides.
    """

    kind: Literal["development", "test"]
    major: int | None = None
    project: Path | None = None
    bindir: Path | None = None
    linger: float | None = None


@dataclass(frozen=True)
class RunningServer:
    """A server that accepts connections. ``pid`` is the postmaster's."""

    socket_dir: Path
    port: int
    user: str
    major: int
    version: str
    pid: int
    data: Path
    log: Path
    binaries: Binaries

    def url(self, database: str = "postgres") -> str:
        """The libpq connection URL of one of its databases. It holds no password."""
        host = quote(str(self.socket_dir), safe="/")
        return f"postgresql://{self.user}@/{quote(database, safe='')}?host={host}&port={self.port}"


@dataclass(frozen=True)
class ServerStatus:
    """What is known of a server, running or not.

    ``uptime`` is in seconds and ``size`` in bytes, both None where there is nothing to measure;
    ``users`` is the number of leases, None where the system does not tell.
    """

    running: bool
    pinned: bool
    version: str | None
    uptime: float | None
    users: int | None
    data: Path | None
    size: int | None
    log: Path | None


class Lease:
    """The right to use a server, which keeps it running. Ends with `release` or the process.

    A context manager that yields itself.
    """

    def __init__(self, server: RunningServer, descriptor: int) -> None:
        self.server = server
        self._descriptor: int | None = descriptor

    def release(self) -> None:
        """Give the lease back; doing so twice does nothing."""
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            os.utime(descriptor)
            os.close(descriptor)

    def __enter__(self) -> Lease:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def acquire(
    spec: ServerSpec,
    timeout: float = 60.0,
    progress: Progress | None = None,
    meanwhile: Callable[[], None] = lambda: None,
) -> Lease:
    """Attach to the server that is meant, starting it if need be.

    ``timeout`` in seconds does not count a download, which has its own. ``progress`` is told in
    a few words what is going on when it takes more than a second. ``meanwhile`` is called when a
    server was started, while it gets ready: to import what will be needed then. Raises
    ServerUnavailable when the server does not start in time, BinariesMissing, or SettingsError.
    """
    wanted = _plan(spec, progress, timeout)
    if spec.kind == "development":
        places.make_development_home(wanted.home)
    state = plan.State(wanted.state)
    deadline = time.monotonic() + timeout
    teller = launch.Teller(progress)
    lease = _join(state, deadline)
    try:
        while (server := _running(state)) is None:
            launch.advance(wanted, state, deadline, teller, meanwhile)
    except BaseException as error:
        os.close(lease)
        if isinstance(error, OSError):
            raise launch.unusable(state, error) from error
        raise
    return Lease(server, lease)


def status(spec: ServerSpec) -> ServerStatus:
    """What is known of the server that is meant. Starts, creates and downloads nothing.

    Raises BinariesMissing when the binaries it would run on are not on this machine.
    """
    state, home = _places(spec)
    server = _running(state)
    kept = None if spec.kind == "test" else home
    data = server.data if server else (kept / "data" if kept else None)
    log = server.log if server else (kept / "postgres.log" if kept else None)
    return ServerStatus(
        running=server is not None,
        pinned=state.pin.exists(),
        version=server.version if server else None,
        uptime=max(0.0, time.time() - state.facts.stat().st_mtime) if server else None,
        users=locks.count_holders(state.lease) if server else 0,
        data=data,
        size=cluster.size(data) if data and data.exists() else None,
        log=log if log and log.exists() else None,
    )


def pin(spec: ServerSpec) -> None:
    """Keep the server running without users, from its next start on or from now, until `stop`."""
    state, _ = _places(spec)
    lease = _join(state, time.monotonic() + 30.0)
    try:
        state.pin.touch()
    finally:
        os.close(lease)


def unpin(spec: ServerSpec) -> bool:
    """Let the server stop when nobody uses it. False when it was not pinned."""
    state, _ = _places(spec)
    try:
        state.pin.unlink()
    except FileNotFoundError:
        return False
    return True


def stop(spec: ServerSpec, timeout: float = 30.0) -> bool:
    """Unpin the server and stop it, also under its users. False when it did not run.

    Raises ServerUnavailable when it still runs after ``timeout`` seconds.
    """
    unpin(spec)
    state, _ = _places(spec)
    if not locks.is_locked(state.server):
        return False
    deadline = time.monotonic() + timeout
    while locks.is_locked(state.server):
        launch.ask_to_stop(state)
        if time.monotonic() > deadline:
            raise ServerUnavailable(
                f"The server in {state.path} did not stop within {timeout:.0f} s.",
                "Try again; if that does not help, end its processes.",
            )
        time.sleep(locks.PAUSE)
    return True


def destroy(spec: ServerSpec, timeout: float = 30.0) -> bool:
    """Stop the server and remove its data. False when there was neither."""
    stopped = stop(spec, timeout)
    _, home = _places(spec)
    if spec.kind == "test" or not home.exists():
        return stopped
    lock = locks.wait_lock(home / "lock", time.monotonic() + 1.0)
    if lock is None:
        raise ServerUnavailable(
            f"The server on {home} was started again while it was to be destroyed.",
            "Try again when nobody uses it.",
        )
    postmaster.remove_tree(home)
    os.close(lock)
    return True


def _plan(spec: ServerSpec, progress: Progress | None, timeout: float) -> plan.Plan:
    """Find the binaries and the directories of a spec; creates only the runtime directory."""
    binaries = find(spec.major, spec.bindir, True, progress)
    state, home = _places(spec, binaries)
    return plan.Plan(
        kind=spec.kind,
        state=state.path,
        home=home,
        roots=places.bulk_roots(state.path.parent),
        pristine=cluster.pristine(cache_root(), binaries),
        binaries=binaries,
        linger=LINGER[spec.kind] if spec.linger is None else spec.linger,
        timeout=timeout,
    )


def _places(spec: ServerSpec, found: Binaries | None = None) -> tuple[plan.State, Path]:
    """The state directory and, of a development server, the home that a spec leads to.

    Raises BinariesMissing when that depends on binaries which are not on this machine.
    """
    root = places.runtime_root()
    if spec.kind == "test":
        binaries = found or find(spec.major, spec.bindir, download=False)
        state = root / cluster.fingerprint(binaries, "test")
        return plan.State(state), state
    if spec.project is None:
        raise UsageError(
            "A development server belongs to a project, and no project was named.",
            "Pass ServerSpec(project=...) with the project's root directory.",
        )
    # A development server can be looked at and stopped even when its binaries are gone.
    major = found.major if found else spec.major
    if major is None:
        major = find(None, spec.bindir, download=False).major
    home = places.development_home(spec.project, major)
    name = hashlib.sha256(b"development\0" + os.fsencode(home)).hexdigest()[:8]
    return plan.State(root / name), home


def _join(state: plan.State, deadline: float) -> int:
    """Take a share of the lease, waiting for a supervisor that is just ending."""
    while True:
        try:
            places.own(state.path)
            lease = locks.wait_lock(state.lease, deadline, shared=True)
        except FileNotFoundError:
            continue  # a supervisor removed the directory between the two lines above
        if lease is None:
            raise ServerUnavailable(
                f"The supervisor of the server in {state.path} has been ending for too long.",
                "Try again; if that does not help, end that process.",
            )
        os.utime(lease)
        return lease


def _running(state: plan.State) -> RunningServer | None:
    """The server, when it has an owner and answers."""
    try:
        facts = json.loads(state.facts.read_bytes())
    except FileNotFoundError:
        return None
    # In this order: a server whose supervisor was just killed may still have answered.
    if not postmaster.answers(state.sockets) or not locks.is_locked(state.server):
        return None
    binaries = plan.binaries_of(facts["binaries"])
    return RunningServer(
        socket_dir=state.sockets,
        port=places.PORT,
        user="postgres",
        major=binaries.major,
        version=binaries.version,
        pid=facts["pid"],
        data=Path(facts["data"]),
        log=Path(facts["log"]),
        binaries=binaries,
    )
