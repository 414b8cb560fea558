"""Where the private server keeps things, and the environment variables that move them.

``PGREVISE_RUNTIME`` moves sockets and locks, ``PGREVISE_STATE`` moves the data of development
servers. They are read here and nowhere else; what can be made again is in `pgrevise.caches`.
What is kept in these directories is decided by the modules that own it.
"""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

from pgrevise.errors import SettingsError

#: Sockets are files named after this number, each in a directory of its own: it never clashes.
PORT = 5432

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 -- the tmpfs itself; our directory in it is 0700

#: The longest path a Unix-domain socket can have, in bytes (``sun_path`` less its terminator).
_LONGEST_SOCKET = 107 if sys.platform == "linux" else 103
_SOCKET_TAIL = f"/12345678/s/.s.PGSQL.{PORT}"


def runtime_root() -> Path:
    """The directory of all sockets and locks of this user, created with mode 0700.

    Raises SettingsError when it belongs to someone else or its name cannot hold a socket.
    """
    named = os.environ.get("PGREVISE_RUNTIME")
    if named:
        root = Path(named).absolute()
        _refuse_unusable(root)
        _make(root, parents=True)
        return root
    name = f"pgrevise-{os.geteuid()}"
    for parent in (SHARED_MEMORY, _temporary(), Path("/tmp")):  # noqa: S108 -- same
        if _fits(parent / name) and os.access(parent, os.W_OK | os.X_OK):
            return own(parent / name)
    raise SettingsError(
        f"No directory for the server's socket: neither {SHARED_MEMORY} nor "
        f"{_temporary()} can be written.",
        "Set PGREVISE_RUNTIME to a directory with a short path that you own.",
    )


def bulk_roots(runtime: Path) -> tuple[Path, ...]:
    """The directories that may hold a test server's data, the fastest first.

    Memory comes first; a directory on disk is there for when memory is short.
    """
    disk = _temporary() / f"pgrevise-{os.geteuid()}"
    return (runtime,) if runtime == disk else (runtime, disk)


def development_home(project: Path, major: int) -> Path:
    """The directory of a project's development server of that major version; not created."""
    named = os.environ.get("PGREVISE_STATE")
    parent = Path(named).absolute() if named else project.resolve() / ".pgrevise"
    return parent / f"server-{major}"


def make_development_home(home: Path) -> None:
    """Create the directory of a development server, out of sight of version control.

    Raises SettingsError when the project cannot be written.
    """
    try:
        home.parent.mkdir(exist_ok=True, mode=0o755)
        ignore = home.parent / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
        home.mkdir(exist_ok=True, mode=0o700)
    except OSError as error:
        raise SettingsError(
            f"The development server's directory {home} cannot be created: {error.strerror}.",
            "Set DATABASE_URL to use a server of your own, or PGREVISE_STATE to an existing "
            "directory that can be written.",
        ) from error


def own(path: Path) -> Path:
    """Create a directory with mode 0700, or check that it is ours alone to write.

    Raises SettingsError when it belongs to another user or others may write to it: whoever can
    write there can answer in the server's place.
    """
    _make(path)
    found = path.lstat()
    if (
        not stat.S_ISDIR(found.st_mode)
        or found.st_uid != os.geteuid()
        or stat.S_IMODE(found.st_mode) & 0o022
    ):
        raise SettingsError(
            f"{path} is not a directory that only user {os.geteuid()} may write "
            f"(owner {found.st_uid}, mode {stat.filemode(found.st_mode)}).",
            "Remove it, or set PGREVISE_RUNTIME to a directory with a short path that you own.",
        )
    return path


def _temporary() -> Path:
    import tempfile  # slow to import, and the supervisor does without

    return Path(tempfile.gettempdir())


def _make(path: Path, *, parents: bool = False) -> None:
    try:
        path.mkdir(mode=0o700, exist_ok=True, parents=parents)
    except FileExistsError:
        return  # not a directory: `own` says so
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be created: {error.strerror}.",
            "Set PGREVISE_RUNTIME to a directory with a short path that you own.",
        ) from error


def _fits(root: Path) -> bool:
    return len(os.fsencode(root)) + len(_SOCKET_TAIL) <= _LONGEST_SOCKET


def _refuse_unusable(root: Path) -> None:
    if not _fits(root):
        longest = _LONGEST_SOCKET - len(_SOCKET_TAIL)
        raise SettingsError(
            f"PGREVISE_RUNTIME is {len(os.fsencode(root))} bytes long ({root}); "
            f"a Unix-domain socket in it needs a path of at most {longest}.",
            "Set PGREVISE_RUNTIME to a shorter path.",
        )
    if "," in str(root):
        # libpq splits `host` at commas (manual, section 34.1.1.3 "Specifying Multiple Hosts").
        raise SettingsError(
            f"PGREVISE_RUNTIME holds a comma ({root}), which separates hosts in a connection URL.",
            "Set PGREVISE_RUNTIME to a path without a comma.",
        )
