"""The newest revision of a long history, remembered so that nothing else has to be read.

Most databases stand there, and then nothing more is asked. It is kept beside the headers of
`pgrevise.history.reading`, for exactly the files it was found in: their names, sizes, inodes and
times. Deleting it costs time and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from array import array
from collections.abc import Sequence
from contextlib import suppress
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pgrevise.history.files import revision_files
from pgrevise.history.kept import SETTLED_NANOSECONDS, WORTH_KEEPING, keep, kept_at

if TYPE_CHECKING:
    from pgrevise.history.graph import Graph
    from pgrevise.history.layout import Layout


_facts = attrgetter("st_size", "st_ino", "st_mtime_ns", "st_ctime_ns")


class Tip(NamedTuple):
    """The one revision that every other one comes before."""

    revision: str
    subject: str


def tip(found: Layout) -> Tip | None:
    """The tip of the history that lies there, if it is long, is known and has only one."""
    paths = list(revision_files(found.locations, recursive=found.recursive))
    marks = fingerprint(paths)
    if not marks:
        return None
    with suppress(OSError, ValueError, TypeError):
        kept, revision, subject = json.loads(_place(paths).read_bytes())
        return Tip(revision, subject) if kept == marks else None
    return None


def fingerprint(paths: Sequence[str]) -> str:
    """What is different as soon as one of the files is; "" when that cannot be relied on.

    It cannot where a file was touched just now: it may be touched again without showing.
    """
    if len(paths) < WORTH_KEEPING:
        return ""
    try:
        facts = array("q", chain.from_iterable(map(_facts, map(os.stat, paths))))
    except (OSError, OverflowError):
        return ""
    if time.time_ns() - max(max(facts[2::4]), max(facts[3::4])) <= SETTLED_NANOSECONDS:
        return ""
    digest = hashlib.sha256(facts.tobytes())
    digest.update("\0".join(paths).encode(errors="surrogateescape"))
    return digest.hexdigest()


def keep_tip(paths: Sequence[str], marks: str, graph: Graph) -> None:
    """Remember the tip of a history that was read from these files.

    ``marks`` is their fingerprint from before they were read.
    """
    if not marks or len(graph.heads) != 1 or graph.tips != graph.heads:
        return
    place, revision = _place(paths), graph.heads[0]
    written = json.dumps([marks, revision, graph.headers[revision].subject])
    with suppress(OSError, UnicodeError):
        if place.exists() and place.read_text(encoding="utf-8") == written:
            return
    keep(place, written)


def _place(paths: Sequence[str]) -> Path:
    return kept_at(paths).with_suffix(".tip")
