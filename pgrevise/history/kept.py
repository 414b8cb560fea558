"""Where what was read of a history is kept, and of which history it is worth it.

What is kept is the business of `pgrevise.history.reading` and `pgrevise.history.tip`.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from pgrevise import __version__
from pgrevise.caches import cache_root

#: Fewer files are read as fast as the cache is.
WORTH_KEEPING = 500
#: A file that was touched so shortly before it was read may be changed again without its times
#: telling; file systems count in steps of up to two seconds.
SETTLED_NANOSECONDS = 3_000_000_000


def kept_at(paths: Sequence[str]) -> Path:
    """The cache's file for a history: of its first folder, for this Python and this version."""
    folder = os.path.dirname(paths[0])  # noqa: PTH120 - the paths are text here
    python = f"{sys.version} {sys.flags.optimize}"
    digest = hashlib.sha256(f"{__version__}\n{python}\n{folder}".encode(errors="surrogateescape"))
    return cache_root() / "headers" / f"{digest.hexdigest()[:32]}.json"


def keep(place: Path, text: str) -> None:
    """Replace the file as a whole: whoever reads it meanwhile reads the old one.

    What cannot be written is done without.
    """
    new = place.with_name(f"{place.name}.{os.getpid()}")
    with suppress(OSError, UnicodeError):
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            new.write_text(text, encoding="utf-8")
            new.replace(place)
        finally:
            new.unlink(missing_ok=True)
