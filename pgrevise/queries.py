"""Named queries from `.sql` files: loading only, what they mean is written above each of them.

A query begins at a line ``-- name: word`` and ends at the next one.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

_HEAD = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


@cache
def load(package: str, *path: str) -> dict[str, str]:
    """The queries of one file inside ``package``, by name, in the order of the file."""
    text = files(package).joinpath(*path).read_text(encoding="utf-8")
    pieces = _HEAD.split(text)[1:]
    return {
        name: body.strip().removesuffix(";")
        for name, body in zip(pieces[::2], pieces[1::2], strict=True)
    }
