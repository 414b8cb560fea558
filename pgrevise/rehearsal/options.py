"""What a caller may ask of a rehearsal, and what ``--set`` may say. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pgrevise.errors import UsageError


@dataclass(frozen=True)
class Options:
    """How to rehearse.

    ``set_`` are variables for the project's environment; a value may hold ``{url}`` and the other
    words of `pgrevise.rehearsal.protocol.Place.words`. ``driver`` is the one for the project's
    SQLAlchemy URL, such as "psycopg2"; by default it is the one that the project names.
    ``baseline`` is a dump of the schema that the history starts from. ``deadline`` is what one
    passage may take, in seconds. ``major`` is the server's version, by default the project's.
    ``x`` are further ``-x`` arguments.

    ``rows`` is the size that tables are filled to so that times are measured: None measures none
    and tries a few rows only, 0 tries none at all. ``statistics`` is a file of `db.stats`, whose
    sizes times are scaled to. ``is_probed`` has clients read and write meanwhile. ``released`` is
    the git reference of the code that is released, ``released_python`` its interpreter. A stall
    longer than ``max_stall`` seconds is a finding.
    """

    set_: tuple[tuple[str, str], ...] = ()
    driver: str = ""
    baseline: Path | None = None
    deadline: float = 60.0
    major: int | None = None
    x: tuple[str, ...] = ()
    rows: int | None = None
    statistics: Path | None = None
    is_probed: bool = False
    released: str = ""
    released_python: str = ""
    max_stall: float | None = None


def variable(text: str) -> tuple[str, str]:
    """``NAME=value`` as a pair. Raises `UsageError` for anything else."""
    name, separator, value = text.partition("=")
    if not separator or not name.strip():
        raise UsageError(
            f"--set {text!r} does not name a variable and its value.",
            "Write it as --set NAME=value, for example --set APP_DATABASE_URL={url}.",
        )
    return name.strip(), value
