"""What a caller may ask of a rehearsal, and how a command line says it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path

from pgrevise.errors import UsageError

#: The size at which times are measured when it is not said.
MEASURED_ROWS = 100_000
#: No table is filled with more: PostgreSQL would take days.
MOST_ROWS = 10**10
#: The longest limit of a stall that makes sense, in seconds.
LONGEST_STALL = 7 * 24 * 3600.0

_UNITS = {"ms": 0.001, "s": 1.0, "": 1.0, "min": 60.0}
_TIME = re.compile(r"(\d+(?:\.\d*)?|\.\d+) *(ms|s|min|)")


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


def number_of_rows(text: str) -> int:
    """``1e6``, ``1000000``, ``1_000_000`` as a number. Raises `UsageError` for anything else."""
    try:
        number = Decimal(text.strip().replace("_", "").replace(",", ""))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number < 0 or number != number.to_integral_value():
        raise UsageError(
            f"--rows {text!r} is no number of rows.",
            "Give a whole number, for example --rows 1e6 or --rows 100_000; 0 tries no rows.",
        )
    if number > MOST_ROWS:
        raise UsageError(
            f"--rows {text} is more than the {MOST_ROWS:,} that a table can be filled with here.",
            "Measure fewer, and give --stats, from which times are scaled to any size.",
        )
    return int(number)


def limit_of_stalls(text: str) -> float:
    """``500ms``, ``2s``, ``1min`` or plain seconds. Raises `UsageError` for anything else."""
    found = _TIME.fullmatch(text.strip())
    limit = float(found[1]) * _UNITS[found[2]] if found else 0.0
    if not 0 < limit <= LONGEST_STALL:
        raise UsageError(
            f"--max-stall {text!r} is no time that reads or writes may stand still.",
            "Give one with ms, s or min, for example --max-stall 500ms.",
        )
    return limit


def sized(options: Options) -> Options:
    """The options with a size wherever times are asked for; `MEASURED_ROWS` when none is said.

    Raises `UsageError` when they contradict each other.
    """
    asking = {
        "--stats": options.statistics is not None,
        "--probe": options.is_probed,
        "--max-stall": options.max_stall is not None,
    }
    asked = [name for name, is_asked in asking.items() if is_asked]
    if options.released_python and not options.released:
        raise UsageError(
            "--released-python names an interpreter, but --released names no code to run with it.",
            "Add --released REF, for example --released merge-base.",
        )
    if options.rows == 0:
        for name in [*asked, *(["--released"] if options.released else [])]:
            raise UsageError(
                f"--rows 0 tries no rows, and {name} needs some.",
                f"Leave out --rows 0, or {name}.",
            )
    return replace(options, rows=MEASURED_ROWS) if asked and options.rows is None else options
