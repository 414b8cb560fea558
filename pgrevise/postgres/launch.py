"""Starting a supervisor, waiting for the one that another process starts, ending it.

Between `pgrevise.postgres.server`, who wants a server, and `pgrevise.postgres.supervisor`, who
runs it. Only one process starts; which one is decided by the lock ``starting``.
"""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pgrevise
from pgrevise import errors
from pgrevise.postgres import locks, plan, postmaster

#: How long nothing is said of what goes on, in seconds.
PATIENCE = 1.0

_FAILURES: dict[str, type[errors.ReviseError]] = {
    known.__name__: known
    for known in (errors.SettingsError, errors.ServerUnavailable, errors.BinariesMissing)
}


class Teller:
    """Tells what goes on, each thing once, as soon as it all takes longer than a second."""

    def __init__(self, progress: Callable[[str], None] | None) -> None:
        self._progress = progress
        self._since = time.monotonic()
        self._stage = ""
        self._told = ""

    def enter(self, stage: str) -> None:
        """Note what goes on now."""
        self._stage = stage
        self.tick()

    def tick(self) -> None:
        """Tell it, when it is time and it is new."""
        late = time.monotonic() - self._since > PATIENCE
        if self._progress and late and self._stage != self._told:
            self._told = self._stage
            self._progress(self._stage)


def advance(
    wanted: plan.Plan,
    state: plan.State,
    deadline: float,
    teller: Teller,
    meanwhile: Callable[[], None],
) -> None:
    """Bring the server closer: start its supervisor, or wait a moment for another's work.

    Returns when it may be ready; ``meanwhile`` is called before a start is waited for. Raises what
    the supervisor reports, or ServerUnavailable when the deadline (of ``time.monotonic``) has
    passed.
    """
    if time.monotonic() > deadline:
        raise _too_late(wanted)
    version = wanted.binaries.version
    starting = locks.try_lock(state.starting)
    if starting is None or locks.is_locked(state.server):
        if starting is not None:
            os.close(starting)
        teller.enter(f"waiting for the PostgreSQL {version} that another process starts or stops")
        time.sleep(locks.PAUSE)
        return
    try:
        _start(wanted, state, deadline, teller, meanwhile)
    finally:
        os.close(starting)


def ask_to_stop(state: plan.State) -> None:
    """Say so to the supervisor, if it listens already and still."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as control, suppress(OSError):
        control.setblocking(False)
        control.sendto(b"stop", str(state.control))


def unusable(state: plan.State, error: OSError) -> errors.ServerUnavailable:
    """The error for a state directory that is full, or was removed under us."""
    return errors.ServerUnavailable(
        f"The server's state directory {state.path} cannot be used: {error.strerror or error}.",
        "Free some space there, or set PGREVISE_RUNTIME to another directory; try again if it "
        "was removed meanwhile.",
    )


def _start(
    wanted: plan.Plan,
    state: plan.State,
    deadline: float,
    teller: Teller,
    meanwhile: Callable[[], None],
) -> None:
    plan.write(wanted, state.plan)
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb", buffering=0) as report:
        try:
            starter = _run_supervisor(state, writer)
        finally:
            os.close(writer)
        with starter:
            meanwhile()
            _require_started(starter, state)
        for message in _messages(report.fileno(), deadline, teller):
            if "stage" in message:
                teller.enter(message["stage"])
            elif "failed" in message:
                kind = _FAILURES.get(message["failed"], errors.ServerUnavailable)
                raise kind(message["sentence"], message["next_step"])
            else:
                return
    if time.monotonic() > deadline:
        raise _too_late(wanted)
    raise errors.ServerUnavailable(
        f"The server's supervisor ended before the server was ready. {state.words} ends with:\n"
        f"{postmaster.tail(state.words)}",
        "Try again; if it was killed, see why (memory, a container that stops).",
    )


def _run_supervisor(state: plan.State, report: int) -> subprocess.Popen[bytes]:
    """Start it with files for its output: an inherited pipe would hang its reader.

    The process that is returned ends as soon as the supervisor is on its own.
    """
    package = Path(pgrevise.__file__).parent.parent
    inherited = os.environ.get("PYTHONPATH")
    environment = {**os.environ, "PYTHONPATH": ":".join(filter(None, [str(package), inherited]))}
    # -S: no site-packages to search; -P: nothing of the working directory. Both start faster.
    command = [sys.executable, "-S", "-P", "-m", "pgrevise.postgres.supervisor"]
    with state.words.open("wb") as words:
        try:
            return subprocess.Popen(
                [*command, str(state.path), str(report)],
                cwd="/",
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=words,
                pass_fds=(report,),
                start_new_session=True,
            )
        except OSError as error:
            raise _not_started(state, error) from error


def _require_started(starter: subprocess.Popen[bytes], state: plan.State) -> None:
    try:
        status = starter.wait(timeout=30.0)
    except subprocess.TimeoutExpired as error:
        starter.kill()
        raise _not_started(state, error) from error
    if status != 0:
        raise _not_started(state, subprocess.CalledProcessError(status, starter.args))


def _not_started(state: plan.State, reason: Exception) -> errors.ServerUnavailable:
    return errors.ServerUnavailable(
        f"The server's supervisor could not be started by {sys.executable}: {reason}.\n"
        f"{postmaster.tail(state.words)}",
        "Use a Python interpreter that this user can run.",
    )


def _messages(report: int, deadline: float, teller: Teller) -> Iterator[dict[str, str]]:
    """What the supervisor reports, until it closes its end or the deadline passes."""
    pending = b""
    while time.monotonic() <= deadline:
        ready, _, _ = select.select([report], [], [], 0.1)
        teller.tick()
        if not ready:
            continue
        read = os.read(report, 65536)
        if not read:
            return
        *lines, pending = (pending + read).split(b"\n")
        yield from map(json.loads, lines)


def _too_late(wanted: plan.Plan) -> errors.ServerUnavailable:
    return errors.ServerUnavailable(
        f"PostgreSQL {wanted.binaries.version} was not ready in time. Its log {wanted.log} ends "
        f"with:\n{postmaster.tail(wanted.log)}",
        "Try again, as what has begun goes on, or allow more time.",
    )
