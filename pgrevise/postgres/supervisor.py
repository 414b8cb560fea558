"""The process that owns one PostgreSQL server: starts it, keeps it, ends it.

Run as ``python -m pgrevise.postgres.supervisor <state directory> <report descriptor>`` by
`pgrevise.postgres.server`, detached. It holds the lock ``server`` all its life, which is the
proof that the server has an owner. Clients hold the lock ``lease``, shared; whenever the
supervisor can have it for itself, there are none. After ``linger`` seconds of that it stops the
server. It hears ``stop`` on the socket ``control``. If it is killed, the kernel ends the server.

Lines of JSON to the report descriptor tell the client what goes on and how the start ended.
Only the standard library and light modules are imported: this process starts in milliseconds.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pgrevise.errors import ReviseError, ServerUnavailable
from pgrevise.postgres import cluster, locks, plan, postmaster, storage
from pgrevise.postgres.privileges import Mode

#: How often the supervisor looks whether anyone uses the server: so many times in a linger, but at
#: least every second.
_LOOKS = 5

#: How long a start may take, in seconds. The client may give up long before; a recovery that is
#: under way is then finished for the next one, and not begun again.
_RECOVERY = 600.0

#: How long to try for the server's lock, which others take for an instant to look at it, and how
#: long for a development server's home, which another container may be about to leave; in seconds.
_MOMENT = 0.2
_PATIENCE = 5.0

_STOP_SIGNALS = {signal.SIGTERM, signal.SIGINT}


class Supervisor:
    """One run of a server, from start to end."""

    def __init__(self, wanted: plan.Plan, report: int) -> None:
        self.plan = wanted
        self.state = plan.State(wanted.state)
        self.report = report
        self.deadline = time.monotonic() + _RECOVERY
        self.storage = storage.Storage(wanted)
        self.binaries = wanted.binaries
        self.child = 0
        self._used = time.monotonic()
        self._touched = 0

    def run(self) -> None:
        """Start the server, watch it until it is no longer wanted, and clean up."""
        with _listening(self.state.control) as control, _woken_by_signals() as wakeups:
            try:
                mode = self._start()
            except BaseException:
                self._end()
                raise
            _tell(report=self.report, message={"ready": True})
            os.close(self.report)
            self.storage.begin_caching(self.binaries, mode)
            lease = self._watch(control, wakeups)
            self._end()
        self._vanish(lease)

    def _say(self, stage: str) -> None:
        _tell(self.report, {"stage": stage})

    def _start(self) -> Mode:
        postmaster.make_way(self.storage.data, self.state.sockets)
        postmaster.remove_tree(self.state.sockets)
        self.state.sockets.mkdir(mode=0o700)
        self.binaries, mode = self.storage.admit(self.state.sockets)
        reused = self.storage.settle(self.binaries, mode, self._say)
        try:
            self._launch(mode)
        except ServerUnavailable:
            if not (reused and self.plan.kind == "test"):
                raise
            # What a killed test server left behind is not worth saving.
            self.storage.discard()
            self.storage.settle(self.binaries, mode, self._say)
            self._launch(mode)
        self._write_facts()
        return mode

    def _launch(self, mode: Mode) -> None:
        data, log, sockets = self.storage.data, self.storage.log, self.state.sockets
        options = cluster.settings(self.plan.kind, self.binaries.bindir)
        self._say(f"starting PostgreSQL {self.binaries.version}")
        while not self.child:
            since = log.stat().st_size if log.exists() else 0
            self.child = postmaster.start(data, sockets, log, self.binaries, mode, options)
            try:
                postmaster.wait_ready(self.child, data, sockets, log, self.deadline, since)
            except ServerUnavailable:
                self.child = 0
                # Backends of a killed postmaster take a moment to notice and to end.
                survivors = "shared memory block" in postmaster.tail(log)
                if not survivors or time.monotonic() > self.deadline:
                    raise
                time.sleep(0.1)

    def _write_facts(self) -> None:
        facts: dict[str, object] = {
            "pid": self.child,
            "data": str(self.storage.data),
            "log": str(self.storage.log),
            "binaries": plan.binaries_facts(self.binaries),
        }
        plan.write_json(self.state.facts, facts)

    def _watch(self, control: socket.socket, wakeups: int) -> int | None:
        """Wait for a reason to stop. The lease when nobody uses the server, else None."""
        while True:
            pause = min(1.0, max(0.05, self.plan.linger / _LOOKS))
            ready, _, _ = select.select([control.fileno(), wakeups], [], [], pause)
            if control.fileno() in ready and control.recv(64) == b"stop":
                return None
            if wakeups in ready and _STOP_SIGNALS & set(os.read(wakeups, 4096)):
                return None
            if postmaster.has_exited(self.child) is not None:
                self.child = 0
                return None
            if self.storage.is_gone():
                return None
            self.storage.continue_caching()
            lease = self._unused()
            if lease is not None:
                return lease

    def _unused(self) -> int | None:
        """The lease, held alone, when there has been no user for long enough."""
        lease = None if self.state.pin.exists() else locks.try_lock(self.state.lease)
        if lease is None:
            self._used = time.monotonic()
            return None
        # Clients touch the file, so that one who came and went between two looks is seen too.
        touched = os.fstat(lease).st_mtime_ns
        if touched != self._touched:
            self._touched, self._used = touched, time.monotonic()
        if time.monotonic() - self._used >= self.plan.linger:
            return lease
        os.close(lease)
        return None

    def _end(self) -> None:
        """Stop the server and remove what is not to be kept."""
        self.state.facts.unlink(missing_ok=True)
        if self.child:
            postmaster.stop(self.child, gracefully=self.plan.kind == "development")
        self.storage.discard()
        postmaster.remove_tree(self.state.sockets)

    def _vanish(self, lease: int | None) -> None:
        """Remove the state directory, unless someone waits in it for the next server."""
        with suppress(OSError):
            lease = lease if lease is not None else locks.try_lock(self.state.lease)
            if lease is None or self.state.pin.exists():
                return
            # Nobody has the lease, so nobody looks at anything but the lease: that goes last.
            for path in self.state.path.iterdir():
                if path != self.state.lease:
                    path.unlink()
            self.state.lease.unlink()
            self.state.path.rmdir()


def main(arguments: list[str]) -> int:
    """Detach, run one server to its end, and return an exit code."""
    state, report = plan.State(Path(arguments[0])), int(arguments[1])
    os.set_inheritable(report, False)
    # The client waits for this process, so that the supervisor is nobody's child to be reaped.
    if os.fork():
        os._exit(0)
    os.umask(0o077)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    try:
        wanted = plan.read(state.plan)
        with _owning(wanted, state) as sole:
            if sole:
                Supervisor(wanted, report).run()
            else:
                _tell(report, {"other": True})
    except ReviseError as error:
        _report_failure(report, type(error).__name__, error.sentence, error.next_step)
        return error.exit_code
    except Exception as error:  # the traceback goes to supervisor.log by the last `raise`
        sentence = f"The server's supervisor failed: {type(error).__name__}: {error}."
        _report_failure(report, "", sentence, f"Look into {state.words}.")
        raise
    return 0


@contextmanager
def _owning(wanted: plan.Plan, state: plan.State) -> Iterator[bool]:
    """Hold the locks that make this process the server's only owner; False when another is.

    That happens when a client is killed right after it started a supervisor, and the next one
    starts a second.
    """
    server = locks.wait_lock(state.server, time.monotonic() + _MOMENT)
    if server is None:
        yield False
        return
    home = None
    try:
        state.facts.unlink(missing_ok=True)
        home = storage.lock_home(wanted, time.monotonic() + min(_PATIENCE, wanted.timeout / 2))
        yield True
    finally:
        # In this order: who finds the server's lock free must not find the home's taken.
        for lock in (home, server):
            if lock is not None:
                os.close(lock)


@contextmanager
def _listening(path: Path) -> Iterator[socket.socket]:
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as control:
        control.bind(str(path))
        yield control
        path.unlink(missing_ok=True)


@contextmanager
def _woken_by_signals() -> Iterator[int]:
    """A descriptor that becomes readable, with the signal's number, when a signal arrives."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in (*_STOP_SIGNALS, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    yield reader
    signal.set_wakeup_fd(-1)
    os.close(reader)
    os.close(writer)


def _report_failure(report: int, kind: str, sentence: str, next_step: str) -> None:
    _tell(report, {"failed": kind, "sentence": sentence, "next_step": next_step})


def _tell(report: int, message: dict[str, object]) -> None:
    """Tell the client, if it still listens."""
    with suppress(OSError):
        os.write(report, json.dumps(message).encode() + b"\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
