"""Running the server when we are root, which PostgreSQL refuses to be.

Three ways are tried, in the order of what they ask of the binaries' and data's surroundings:
a user namespace, another user with one capability, another user. Nothing outside our own
directories changes, and no account is made. What is started is decided elsewhere.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pgrevise.errors import ServerUnavailable

SAME = "same"
NAMESPACE = "namespace"
CAPABILITY = "capability"
SETUID = "setuid"

_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG = 1
_PR_SET_SECUREBITS = 28
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_SECBIT_NO_SETUID_FIXUP = 1 << 2
_CAP_DAC_OVERRIDE = 1
_CAPABILITY_VERSION_3 = 0x20080522

#: The user that owns nothing. The kernel shows unmapped users under this number too.
_NOBODY = 65534


@dataclass(frozen=True)
class Mode:
    """A way to run the server: its name, and the user and group that its files belong to."""

    name: str
    uid: int
    gid: int


def choose(program: Path, room: Path, environment: Mapping[str, str]) -> Mode | None:
    """The first way in which ``program --version`` runs and ``room`` can be written.

    ``room`` is a directory of ours; it is handed over to the user of the way that is tried.
    Without root there is nothing to choose. None when no way works.
    """
    modes = available()
    if modes[0].name == SAME:
        return modes[0]
    for mode in modes:
        if _works(mode, program, room, environment):
            return mode
    hand_over(room, Mode(SAME, os.geteuid(), os.getegid()))
    return None


def available() -> tuple[Mode, ...]:
    """The ways worth trying for the current user, in order."""
    if os.geteuid() != 0:
        return (Mode(SAME, os.geteuid(), os.getegid()),)
    uid, gid = _nobody()
    setuid = Mode(SETUID, uid, gid)
    if sys.platform != "linux":
        return (setuid,)
    # In a namespace without a mapping root's files stay root's, and look like nobody's to
    # PostgreSQL, which so finds its data directory to be its own.
    return (Mode(NAMESPACE, 0, 0), Mode(CAPABILITY, uid, gid), setuid)


def refusal(program: Path) -> ServerUnavailable:
    """The error for when no way works."""
    return ServerUnavailable(
        f"PostgreSQL refuses to run as root, and here root can neither make a user namespace nor "
        f"become another user that may run {program}.",
        "Run as an ordinary user, or set DATABASE_URL to a server that runs already.",
    )


def drop(mode: Mode) -> None:
    """Become the server's user. For a single-threaded process just before its ``exec``.

    Raises OSError when the kernel refuses.
    """
    if mode.name == SAME:
        return
    if mode.name == NAMESPACE:
        _check(_libc().unshare(_CLONE_NEWUSER), "unshare")
        if os.geteuid() == 0:
            raise PermissionError("root is still root in its user namespace")
        return
    if mode.name == CAPABILITY:
        # Else the change of user clears the capability, and access(2) ignores it.
        _prctl(_PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP)
    os.setgroups([])
    os.setgid(mode.gid)
    os.setuid(mode.uid)
    if mode.name == CAPABILITY:
        _keep_only(_CAP_DAC_OVERRIDE)


def die_with(parent: int, signal: int) -> None:
    """Have the kernel send a signal to this process when its parent dies, where it can (Linux).

    Called after `drop`, because a change of user forgets the wish. Raises ProcessLookupError
    when the parent is dead already.
    """
    if sys.platform == "linux":
        _prctl(_PR_SET_PDEATHSIG, signal)
    if os.getppid() != parent:
        raise ProcessLookupError("the supervisor died")


def hand_over(path: Path, mode: Mode) -> None:
    """Give a directory of ours and everything in it to the server's user.

    Costs one `stat` when it is so already. Raises OSError when it cannot be done.
    """
    if path.lstat().st_uid == mode.uid:
        return
    for folder, _, files in os.walk(path, topdown=False):
        for name in files:
            os.chown(os.path.join(folder, name), mode.uid, mode.gid, follow_symlinks=False)  # noqa: PTH118 -- a thousand files
        os.chown(folder, mode.uid, mode.gid)


def _works(mode: Mode, program: Path, room: Path, environment: Mapping[str, str]) -> bool:
    """Try a way in a forked child, which is the only place where failing costs nothing."""
    try:
        hand_over(room, mode)
    except OSError:
        return False
    # A root without its usual capabilities cannot look after what belongs to another user.
    if not os.access(room, os.R_OK | os.W_OK | os.X_OK):
        return False
    child = os.fork()
    if child == 0:
        _try([str(program), "--version"], mode, room, environment)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == 0


def _try(command: list[str], mode: Mode, room: Path, environment: Mapping[str, str]) -> None:
    """In the child: drop privileges, write a file, and become the program. Never returns."""
    try:
        drop(mode)
        trial = room / f".trial-{os.getpid()}"
        trial.touch()
        trial.unlink()
        os.chdir(room)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        os.execve(command[0], command, dict(environment))  # noqa: S606 -- no shell is wanted
    except BaseException:  # noqa: BLE001 -- a forked child must not run its parent's handlers
        os._exit(126)


def _nobody() -> tuple[int, int]:
    import pwd

    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return _NOBODY, _NOBODY
    return entry.pw_uid, entry.pw_gid


def _keep_only(capability: int) -> None:
    """Give up all capabilities but one, and let that one survive ``exec`` (capabilities(7))."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    wanted = 1 << capability
    # effective, permitted, inheritable; then the same for capabilities above 31
    data = (ctypes.c_uint32 * 6)(wanted, wanted, wanted, 0, 0, 0)
    _check(_libc().capset(header, data), "capset")
    _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability)


def _prctl(option: int, first: int = 0, second: int = 0) -> None:
    arguments = (ctypes.c_ulong(value) for value in (first, second, 0, 0))
    _check(_libc().prctl(option, *arguments), "prctl")


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _check(result: int, call: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")
