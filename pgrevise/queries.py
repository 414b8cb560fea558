"""Named queries from `.sql` files: loading only, what they mean is written above each of them.

A query begins at a line ``-- name: word`` and ends at the next one.
"""

from __future__ import annotations

import re
from functools import cache
from pkgutil import get_data

_HEAD = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


@cache
def load(package: str, *path: str) -> dict[str, str]:
    """The queries of one file inside ``package``, by name, in the order of the file."""
    # importlib.resources does the same and takes ten times as long to be imported.
    text = (get_data(package, "/".join(path)) or b"").decode()
    pieces = _HEAD.split(text)[1:]
    return {
        name: body.strip().removesuffix(";")
        for name, body in zip(pieces[::2], pieces[1::2], strict=True)
    }
