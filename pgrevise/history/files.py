"""Which files are revisions, in the order in which Alembic comes across them.

Names only: what a file says is in `pgrevise.history.headers`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator

#: Alembic's own rule; what an editor locks and what makes a package is left out.
_REVISION_FILE = re.compile(r"(?!\.\#|__init__)(.*\.py)$").match


def revision_files(locations: Iterable[str], *, recursive: bool = False) -> Iterator[str]:
    """The resolved path of every revision file; one that is reached twice comes twice."""
    for location in locations:
        if not os.path.exists(location):  # noqa: PTH110 - here and below text, which is faster
            continue
        for folder in _folders(os.path.realpath(location), recursive=recursive):
            yield from _files_in(folder)


def _files_in(folder: str) -> Iterator[str]:
    names, links = [], set()
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if _REVISION_FILE(entry.name) and not _is_dir(entry):
                    names.append(entry.name)
                    if entry.is_symlink():
                        links.add(entry.name)
    except OSError:
        return  # Alembic passes over a folder that it cannot read
    for name in sorted(names):
        # Resolving each is most of what Alembic spends on a long history's names.
        yield os.path.realpath(f"{folder}/{name}") if name in links else f"{folder}/{name}"


def _folders(top: str, *, recursive: bool) -> Iterator[str]:
    if not recursive:
        yield top
        return
    for folder, inside, _ in os.walk(top):
        if not folder.endswith("__pycache__"):
            yield folder
        inside.sort()


def _is_dir(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
