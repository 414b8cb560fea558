"""Locks between processes: ``flock`` on files, released by the kernel however a process ends.

Which lock means what is said in `pgrevise.postgres.supervisor`. The files may be removed by the
holder of an exclusive lock, so a lock counts only while its path still names the locked file.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

#: How long a waiter sleeps between two tries, in seconds.
PAUSE = 0.005


def try_lock(path: Path, *, shared: bool = False) -> int | None:
    """Take the lock at once and return its file descriptor, or None when another holds it.

    The file is created when missing; closing the descriptor releases the lock. Raises OSError
    when the file cannot be opened, as when its directory is gone.
    """
    how = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, how | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except BaseException:
            os.close(descriptor)
            raise
        if _still_names(path, descriptor):
            return descriptor
        os.close(descriptor)


def wait_lock(path: Path, deadline: float, *, shared: bool = False) -> int | None:
    """Take the lock, trying until ``deadline`` (of ``time.monotonic``); None when it passed."""
    while True:
        descriptor = try_lock(path, shared=shared)
        if descriptor is not None or time.monotonic() >= deadline:
            return descriptor
        time.sleep(PAUSE)


def is_locked(path: Path) -> bool:
    """Whether some process holds the lock exclusively. Never creates the file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def count_holders(path: Path) -> int | None:
    """How many descriptors hold the lock, or None where the kernel does not tell (not Linux)."""
    try:
        wanted = path.stat().st_ino
        table = Path("/proc/locks").read_text(encoding="ascii")
    except OSError:
        return None
    # 1: FLOCK  ADVISORY  READ 4711 00:1a:1234 0 EOF -- a waiter has "->" after the number
    fields = (line.split() for line in table.splitlines())
    return sum(
        1
        for field in fields
        if len(field) > 5 and field[1] == "FLOCK" and field[5].rpartition(":")[2] == str(wanted)
    )


def _still_names(path: Path, descriptor: int) -> bool:
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    here = os.fstat(descriptor)
    return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)
