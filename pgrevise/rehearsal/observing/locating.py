"""Where a statement comes from: the line of the revision file that is running now.

Only the stack of the calling thread is read, with the greenlets that SQLAlchemy stacks for
asynchronous drivers.
"""

from __future__ import annotations

import linecache
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import FrameType
from typing import NamedTuple


class Place(NamedTuple):
    """A line of a file, with its text; line 0 and no file when it is none of the revision's."""

    file: str = ""
    line: int = 0
    source: str = ""


class Locator:
    """Finds the innermost frame of one file; names it relative to ``root``."""

    def __init__(self, file: Path, root: Path) -> None:
        self._file = file.resolve()
        self._names = (file.name, self._file.name)
        inside = self._file.is_relative_to(root.resolve())
        self.name = (self._file.relative_to(root.resolve()) if inside else self._file).as_posix()

    def place(self) -> Place:
        """Where the calling thread is in the file, else an empty place."""
        wanted = str(self._file)
        for frame in _frames():
            name = frame.f_code.co_filename
            # Resolving asks the file system, so it is left for what can be the file.
            if name.endswith(self._names) and _resolved(name) == wanted:
                source = linecache.getline(wanted, frame.f_lineno).strip()
                return Place(self.name, frame.f_lineno, source)
        return Place()


def _frames() -> Iterator[FrameType]:
    """The stack of this thread from the inside out, across greenlets that wait for this one."""
    frame: FrameType | None = sys._getframe(1)
    module = sys.modules.get("greenlet")
    current = module.getcurrent() if module else None
    while frame is not None:
        while frame is not None:
            yield frame
            frame = frame.f_back
        current = current.parent if current is not None else None
        frame = current.gr_frame if current is not None else None


@cache
def _resolved(name: str) -> str:
    return str(Path(name).resolve())
