"""Reading the headers of many files: each file once, as long as it does not change.

A long history is read again by every command. What was read is kept in the user's cache, and is
taken from there only for a file that has not been touched since: deleting the cache costs time and
nothing else, and what cannot be read of it or written to it is done without.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pgrevise.history.headers import Header, header
from pgrevise.history.kept import SETTLED_NANOSECONDS, WORTH_KEEPING, keep, kept_at

#: Size, inode and times: whatever writes to a file changes the last of these.
_Stamp = tuple[int, ...]
_Kept = dict[str, tuple[_Stamp, Header]]


def read_headers(paths: Sequence[str]) -> list[tuple[str, Header | None]]:
    """Each path with its header; None where the file cannot be read or only running it can tell."""
    if len(paths) < WORTH_KEEPING:
        return [(path, read_header(path)) for path in paths]
    place = kept_at(paths)
    kept = _load(place)
    now = time.time_ns()
    found: list[tuple[str, Header | None]] = []
    fresh: _Kept = {}
    for path in paths:
        stamp = _stamp(path)
        known = kept.get(path)
        if known is not None and known[0] == stamp:
            found.append((path, known[1]))
            continue
        read = read_header(path)
        found.append((path, read))
        if read is not None and stamp is not None and now - max(stamp[2:]) > SETTLED_NANOSECONDS:
            fresh[path] = stamp, read
    if fresh:
        wanted = set(paths)
        _store(place, {path: one for path, one in kept.items() if path in wanted} | fresh)
    return found


def read_header(path: str) -> Header | None:
    """The header of one file; None when it cannot be read or only running it can tell."""
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - thousands, in a hurry
            return header(file.read())
    except OSError:
        return None


def _stamp(path: str) -> _Stamp | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - thousands, in a hurry
    except OSError:
        return None
    return found.st_size, found.st_ino, found.st_mtime_ns, found.st_ctime_ns


def _load(place: Path) -> _Kept:
    try:
        paths, stamps, facts = json.loads(place.read_bytes())
        headers = map(Header._make, zip(*map(_frozen, facts), strict=True))
        return dict(zip(paths, zip(zip(*stamps, strict=True), headers, strict=True), strict=True))
    except (OSError, ValueError, TypeError):
        return {}


def _frozen(column: list[Any]) -> list[Any]:
    return [tuple(value) if type(value) is list else value for value in column]


def _store(place: Path, kept: _Kept) -> None:
    stamps, headers = zip(*kept.values(), strict=True)
    # By columns, which are read in a third of the time that as many objects take.
    columns = [list(zip(*rows, strict=True)) for rows in (stamps, headers)]
    keep(place, json.dumps([list(kept), *columns]))
