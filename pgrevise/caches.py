"""Where what can be made again is kept between runs; deleting it costs time and nothing else."""

from __future__ import annotations

import os
from pathlib import Path


def cache_root() -> Path:
    """The directory of downloaded binaries, pristine clusters and headers that were read.

    ``XDG_CACHE_HOME`` moves it; it is read here and nowhere else.
    """
    named = os.environ.get("XDG_CACHE_HOME")
    # The XDG base directory specification ignores relative paths; so do we.
    base = Path(named) if named and named.startswith("/") else Path("~/.cache").expanduser()
    return base / "pgrevise"
