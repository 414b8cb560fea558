"""What the command line asks of a rehearsal, as the act takes it; refused before anything starts.

How numbers and times are written is `pgrevise.rehearsal.options`'; files and programs are looked
for here.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pgrevise.errors import SettingsError, UsageError
from pgrevise.rehearsal.options import (
    Options,
    limit_of_stalls,
    number_of_rows,
    sized,
    variable,
)


@dataclass(frozen=True)
class Words:
    """What was said about rows, times and released code, as it stood on the command line."""

    rows: str = ""
    stats: str = ""
    probe: bool = False
    released: str = ""
    released_python: str = ""
    max_stall: str = ""

    def say(self, options: Options, say: Callable[[str, str], None]) -> None:
        """Tell the size that was taken where none was given."""
        if options.rows is not None and not self.rows:
            words = f"Times are measured at {options.rows:,} rows; --rows N is another size."
            say(words, "dim")


def options_of(
    set_: Sequence[str],
    x: Sequence[str],
    driver: str,
    baseline: str,
    deadline: float,
    words: Words,
) -> Options:
    """The options of the act. Raises `UsageError` for words it cannot take, or no such file."""
    if not 0 < deadline < float("inf"):
        raise UsageError(f"--deadline {deadline:g} is no time.", "Give a number of seconds.")
    asked = Options(
        set_=tuple(map(variable, set_)),
        driver=driver,
        baseline=_file("--baseline", baseline, "Name a file that pg_dump wrote."),
        deadline=deadline,
        x=tuple(x),
        rows=number_of_rows(words.rows) if words.rows else None,
        statistics=_statistics(words.stats),
        is_probed=words.probe,
        released=words.released,
        released_python=_program(words.released_python),
        max_stall=limit_of_stalls(words.max_stall) if words.max_stall else None,
    )
    return sized(asked)


def _file(option: str, name: str, next_step: str) -> Path | None:
    if not name:
        return None
    path = Path(name).absolute()
    if not path.is_file():
        raise UsageError(f"{option} {name} is no file.", next_step)
    if not os.access(path, os.R_OK):
        raise SettingsError(f"{option} {name} may not be read.", next_step)
    return path


def _statistics(name: str) -> Path | None:
    """The file, read once for what is wrong with it: a rehearsal takes long."""
    path = _file("--stats", name, "Write one: invoke db.stats --url URL --output FILE.")
    if path is not None:
        from pgrevise.rehearsal.trial.statistics import load

        load(path)
    return path


def _program(name: str) -> str:
    """An interpreter, by its path or found as a shell would; a link into a venv stays one."""
    if not name:
        return ""
    path = Path(name).expanduser()
    found = shutil.which(path)
    if found is None:
        raise UsageError(
            f"--released-python {name} is no program.",
            "Name the interpreter of the released code, for example its .venv/bin/python.",
        )
    return str(Path(found).absolute())
