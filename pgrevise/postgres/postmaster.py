"""One PostgreSQL process: started, found ready, evicted when stale, stopped.

What it runs on is `pgrevise.postgres.cluster`'s, who owns it and for how long is
`pgrevise.postgres.supervisor`'s.
"""

from __future__ import annotations

import os
import signal
import socket
import struct
import time
from collections.abc import Mapping
from pathlib import Path

from pgrevise.errors import ServerUnavailable
from pgrevise.postgres import privileges
from pgrevise.postgres.binaries import Binaries, library_environment
from pgrevise.postgres.places import PORT

_PAUSE = 0.002
_TAIL_LINES = 12


def start(
    data: Path,
    sockets: Path,
    log: Path,
    binaries: Binaries,
    mode: privileges.Mode,
    settings: Mapping[str, str],
) -> int:
    """Start a postmaster and return its process id; it dies with this process."""
    # In this list a name in double quotes may hold spaces (`unix_socket_directories`).
    quoted = '"' + str(sockets).replace('"', '""') + '"'
    every = {"unix_socket_directories": quoted, "port": str(PORT), **settings}
    command = [str(binaries.program("postgres")), "-D", str(data)]
    for name, value in every.items():
        command += ["-c", f"{name}={value}"]
    with log.open("ab") as output:
        return spawn(command, binaries, mode, output.fileno())


def spawn(
    command: list[str], binaries: Binaries, mode: privileges.Mode, output: int, nice: int = 0
) -> int:
    """Start a server program as the server's user, with its output to a descriptor.

    It gets SIGQUIT when this process dies: the immediate shutdown, which frees shared memory
    (manual, section 18.5). Only the main thread may call this: the kernel sends the signal when
    the *thread* that forked ends.
    """
    environment = clean_environment(binaries)
    parent = os.getpid()
    child = os.fork()
    if child:
        return child
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.nice(nice)
        privileges.drop(mode)
        privileges.die_with(parent, signal.SIGQUIT)
        os.execve(command[0], command, environment)  # noqa: S606 -- no shell is wanted
    except BaseException as error:  # noqa: BLE001 -- a forked child must not run its parent's handlers
        os.write(2, f"{command[0]} cannot be run: {error}\n".encode())
        os._exit(127)


def clean_environment(binaries: Binaries) -> dict[str, str]:
    """Our environment without what would change a server or a cluster."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PG", "LC_", "LANG", "PYTHON"))
    }
    # With TZ, initdb need not compare the system's time with all time zones there are.
    return kept | {"LC_ALL": "C", "TZ": "UTC0"} | library_environment(binaries.shared_libraries)


def answers(sockets: Path, timeout: float = 5.0) -> bool:
    """Whether a server on the socket accepts sessions (manual, "Message Flow", "Start-up").

    False while it starts, recovers or stops. Any other refusal, such as too many connections,
    comes from a server that runs. ``timeout`` is in seconds.
    """
    body = struct.pack("!I", 196608) + b"user\0postgres\0database\0postgres\0\0"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as talk:
        talk.settimeout(timeout)
        try:
            talk.connect(str(sockets / f".s.PGSQL.{PORT}"))
            talk.sendall(struct.pack("!I", len(body) + 4) + body)
            said = talk.recv(1024)
            if said[:1] == b"R":
                talk.sendall(b"X\0\0\0\4")
        except OSError:
            return False
    # 57P03: cannot_connect_now
    return said[:1] == b"R" or (said[:1] == b"E" and b"C57P03\0" not in said)


def wait_ready(
    child: int, data: Path, sockets: Path, log: Path, deadline: float, since: int = 0
) -> None:
    """Wait until a postmaster answers. Raises ServerUnavailable when it ends or time is up."""
    while not (_says_ready(child, data) and answers(sockets)):
        if has_exited(child) is not None:
            raise ServerUnavailable(
                f"PostgreSQL ended while it started. Its log {log} ends with:\n{tail(log, since)}",
                "Read what it says above. Destroying the server, data and all, makes a new one.",
            )
        if time.monotonic() > deadline:
            kill(child)
            raise ServerUnavailable(
                f"PostgreSQL did not become ready in time. Its log {log} ends with:\n"
                f"{tail(log, since)}",
                "Try again when the machine has less to do.",
            )
        time.sleep(_PAUSE)


def make_way(data: Path, sockets: Path) -> None:
    """Remove what an earlier postmaster left behind. For the holder of the server's lock only.

    Raises ServerUnavailable when a postmaster still runs on the data and cannot be ended.
    """
    for name in (f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock"):
        (sockets / name).unlink(missing_ok=True)
    pidfile = data / "postmaster.pid"
    try:
        lines = pidfile.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
        pid = int(lines[0])
    except FileNotFoundError:
        return
    except (ValueError, IndexError):
        pidfile.unlink()
        return
    if _runs_on(pid, data):
        _evict(pid, data)
    # The number may belong to another process by now, for which PostgreSQL would not start.
    # It lets its own parent pass, and still looks for survivors that use its shared memory.
    lines[0] = str(os.getpid())
    text = "\n".join(lines) + "\n"
    if pidfile.exists():
        pidfile.write_text(text, encoding="utf-8", errors="surrogateescape")


def stop(child: int, gracefully: bool, timeout: float = 20.0) -> None:
    """End a postmaster: by a fast shutdown with a checkpoint, or at once; then by force."""
    _send(child, signal.SIGINT if gracefully else signal.SIGQUIT)
    if wait_exit(child, timeout) is not None:
        return
    _send(child, signal.SIGQUIT)
    if wait_exit(child, 6.0) is None:
        kill(child)


def kill(child: int) -> None:
    """End a child by force and wait for it."""
    _send(child, signal.SIGKILL)
    wait_exit(child, 5.0)


def has_exited(child: int) -> int | None:
    """The exit code of a child that has ended; None while it runs. Negative: by that signal."""
    try:
        pid, status = os.waitpid(child, os.WNOHANG)
    except ChildProcessError:
        return 0
    return os.waitstatus_to_exitcode(status) if pid else None


def wait_exit(child: int, timeout: float) -> int | None:
    """Like `has_exited`, waiting up to ``timeout`` seconds."""
    deadline = time.monotonic() + timeout
    while (code := has_exited(child)) is None and time.monotonic() < deadline:
        time.sleep(_PAUSE)
    return code


def tail(log: Path, since: int = 0) -> str:
    """The last lines of a log, from byte ``since`` on, or a word on why there are none."""
    try:
        with log.open("rb") as stream:
            stream.seek(max(since, stream.seek(0, os.SEEK_END) - 4096))
            lines = stream.read().decode("utf-8", "replace").splitlines()
    except OSError as error:
        return f"(no log: {error.strerror})"
    return "\n".join(lines[-_TAIL_LINES:]) or "(an empty log)"


def remove_tree(path: Path) -> None:
    """Remove a directory of ours with everything in it, whatever of it is there."""
    # A heavy import that a start from existing data does without.
    if path.exists():
        import shutil

        shutil.rmtree(path, ignore_errors=True)


def _says_ready(child: int, data: Path) -> bool:
    """Whether the postmaster's own file says so, as `pg_ctl` reads it.

    Asking on the socket too early costs a line in the log each time.
    """
    try:
        lines = (data / "postmaster.pid").read_bytes().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) > 7 and lines[0] == b"%d" % child and lines[7].startswith(b"ready")


def _runs_on(pid: int, data: Path) -> bool:
    """Whether a process is a postmaster of that data directory, in which it works."""
    try:
        return Path(f"/proc/{pid}/cwd").samefile(data)
    except OSError:
        pass
    if Path("/proc/self").exists():
        return False
    import subprocess

    shown = subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return str(data) in shown.stdout


def _evict(pid: int, data: Path) -> None:
    """End a postmaster whose supervisor was killed, where the kernel did not do so for us."""
    for attempt in (signal.SIGQUIT, signal.SIGKILL):
        _send(pid, attempt)
        deadline = time.monotonic() + 6.0
        while time.monotonic() < deadline:
            if not _runs_on(pid, data):
                return
            time.sleep(_PAUSE)
    raise ServerUnavailable(
        f"Process {pid} runs PostgreSQL on {data} and does not end.", f"End process {pid}."
    )


def _send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
