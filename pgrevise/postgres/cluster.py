"""The data directory of a private server: made, copied from a pristine one, or taken as it is.

Also the settings that the two kinds of server run with, and the room they need on a disk. Here
are directories and the programs that make them; processes that last are `postmaster`'s.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from pgrevise.errors import ServerUnavailable
from pgrevise.postgres import postmaster
from pgrevise.postgres.binaries import Binaries
from pgrevise.postgres.privileges import Mode, hand_over

#: What a test server's directory must have free for it to be put there, and what it cannot
#: start without, in bytes. 64 MB, Docker's default for /dev/shm, is full after a few clones,
#: and a full disk can leave a server that cannot recover.
COMFORT = 1 << 30
NEW_CLUSTER = 256 << 20
RUNNING = 48 << 20

#: `C` is the one locale that is the same in all major versions and on all systems.
_INITDB = (
    "--username=postgres",
    "--auth=trust",  # the socket lies in a directory that only its owner can enter
    "--encoding=UTF8",
    "--locale=C",
    "--no-sync",
    "--no-instructions",
)

#: A test server keeps nothing, so it need not survive a power cut (manual, "Non-Durable
#: Settings"). Shared memory as files in the data directory vanishes with that directory.
_TEST_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "autovacuum": "off",
    "jit": "off",
    "max_connections": "100",
    "max_wal_size": "256MB",
    "min_wal_size": "32MB",
}


#: The file in a pristine cluster that says how many others there are, so that none is missed by
#: a copy while the cache is being deleted. A cluster unused for so many seconds is removed.
_COUNT = "pgrevise.files"
_FORGOTTEN = 60 * 24 * 3600


def settings(kind: str, bindir: Path) -> dict[str, str]:
    """What the server of that kind is started with, but for its socket."""
    # Some builds have no time zones of their own. Without the system's too, they know but GMT.
    places = (
        "/usr/share/zoneinfo",
        bindir.parent / "share/timezone",
        bindir.parent / "share/postgresql/timezone",
    )
    zone = "UTC" if any(Path(place, "UTC").exists() for place in places) else "GMT"
    common = {
        "listen_addresses": "",
        "timezone": zone,
        "log_timezone": zone,
        # Shared memory of the system would outlive a server that is killed.
        "dynamic_shared_memory_type": "mmap",
    }
    return common | (_TEST_SETTINGS if kind == "test" else {})


def fingerprint(binaries: Binaries, kind: str) -> str:
    """What two clusters or test servers must have in common to be the same, in eight digits."""
    import hashlib  # slow to import, and the supervisor does without

    facts = (binaries.version, binaries.bindir, _INITDB, settings(kind, binaries.bindir))
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:8]


def exists(data: Path) -> bool:
    """Whether a whole data directory is there. Half-made ones never carry its name."""
    return (data / "PG_VERSION").is_file()


def boot_id() -> str:
    """What changes when the machine restarts; empty where it is not known."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def roomiest(roots: Sequence[Path]) -> Path:
    """The first directory with comfortable room for a test server, else the one with most."""
    free = [(free_bytes(root), root) for root in roots]
    return next((root for room, root in free if room >= COMFORT), max(free)[1])


def free_bytes(path: Path) -> int:
    """How many bytes an ordinary user may still write where ``path`` is or will be."""
    while not path.exists():
        path = path.parent
    facts = os.statvfs(path)
    return facts.f_bavail * facts.f_frsize


def size(data: Path) -> int:
    """The bytes that a directory takes. Files that go away meanwhile count nothing."""
    total = 0
    for folder, _, names in os.walk(data):
        for name in names:
            with suppress(FileNotFoundError):
                total += (Path(folder) / name).lstat().st_blocks * 512
    return total


def require_room(path: Path, needed: int) -> None:
    """Raise ServerUnavailable when fewer than ``needed`` bytes are free at ``path``."""
    free = free_bytes(path)
    if free < needed:
        raise ServerUnavailable(
            f"The file system of {path} has {free >> 20} MB free; "
            f"the PostgreSQL server needs {needed >> 20} MB there.",
            "Free some space, or set TMPDIR (test servers) or PGREVISE_STATE (development "
            "servers) to a directory on a larger file system.",
        )


def create(data: Path, binaries: Binaries, mode: Mode, say: Callable[[str], None]) -> None:
    """Make an empty cluster by ``initdb``; it takes its name when it is whole.

    Raises ServerUnavailable with what ``initdb`` said.
    """
    say("creating the cluster")
    fresh = data.with_name(data.name + ".new")
    postmaster.remove_tree(fresh)
    log = data.with_name("initdb.log")
    child = begin_create(fresh, log, binaries, mode)
    status = postmaster.wait_exit(child, timeout=120.0)
    said = postmaster.tail(log)
    log.unlink(missing_ok=True)
    if status != 0:
        postmaster.remove_tree(fresh)
        raise ServerUnavailable(
            f"initdb of PostgreSQL {binaries.version} could not create {data}:\n{said}",
            "Read what it says above; free some space or choose other binaries if that is why.",
        )
    fresh.rename(data)


def begin_create(fresh: Path, log: Path, binaries: Binaries, mode: Mode, nice: int = 0) -> int:
    """Start ``initdb`` into ``fresh`` and return its process id."""
    fresh.mkdir(mode=0o700)
    hand_over(fresh, mode)
    command = [str(binaries.program("initdb")), *_INITDB, "--pgdata", str(fresh)]
    with log.open("wb") as output:
        return postmaster.spawn(command, binaries, mode, output.fileno(), nice)


def pristine(cache: Path, binaries: Binaries) -> Path:
    """Where the cluster that copies are made from is kept, in a cache directory.

    The same build has the same, wherever it is installed: sizes tell builds of a version apart.
    """
    sizes = "-".join(str(binaries.program(name).stat().st_size) for name in ("postgres", "initdb"))
    return cache / "clusters" / f"{binaries.version}-{sizes}"


def keep(fresh: Path, kept: Path) -> None:
    """Make a fresh cluster the pristine one, and forget those that nobody has copied for long.

    Raises OSError when another process was first.
    """
    count = sum(len(files) for _, _, files in os.walk(fresh))
    (fresh / _COUNT).write_text(str(count), encoding="ascii")
    if not is_pristine(kept):
        postmaster.remove_tree(kept)
    fresh.rename(kept)
    for other in kept.parent.iterdir():
        if time.time() - other.stat().st_mtime > _FORGOTTEN:
            postmaster.remove_tree(other)


def is_pristine(kept: Path) -> bool:
    """Whether a whole cluster is there to be copied."""
    return (kept / _COUNT).is_file()


def copy(source: Path, data: Path, mode: Mode) -> bool:
    """Copy a pristine cluster to ``data``; False when it is not there, or goes away meanwhile.

    Takes some 30 ms into memory and 200 ms to a disk, less than half of what `initdb` takes.
    Hard links would be quicker, and let the server write to the source.
    """
    if not is_pristine(source):
        return False
    fresh = data.with_name(data.name + ".new")
    postmaster.remove_tree(fresh)
    try:
        expected = int((source / _COUNT).read_text(encoding="ascii"))
        os.utime(source)
        whole = _copy_tree(str(source), str(fresh)) == expected + 1
        hand_over(fresh, mode)
    except (OSError, ValueError):
        whole = False
    if whole:
        fresh.rename(data)
    else:
        postmaster.remove_tree(fresh)
    return whole


def _copy_tree(source: str, target: str) -> int:
    """Copy folders and files, with the modes that PostgreSQL wants; returns how many files."""
    folders, count = [""], 0
    while folders:
        folder = folders.pop()
        os.mkdir(target + folder, 0o700)  # noqa: PTH102 -- a thousand files: paths cost more
        with os.scandir(source + folder) as entries:
            for entry in entries:
                name = f"{folder}/{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    folders.append(name)
                else:
                    _copy_file(source + name, target + name)
                    count += 1
    return count


def _copy_file(source: str, target: str) -> None:
    reader = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
    try:
        writer = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            if sys.platform == "linux":
                while os.sendfile(writer, reader, None, 1 << 24):
                    pass
            else:
                while chunk := os.read(reader, 1 << 20):
                    os.write(writer, chunk)
        finally:
            os.close(writer)
    finally:
        os.close(reader)
