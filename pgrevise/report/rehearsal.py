"""A rehearsal in each of its formats: which there are, and who writes them.

Everything here is text made of a `Rehearsal`; nothing is run, read or printed.
"""

from __future__ import annotations

from importlib import import_module
from typing import Literal

from pgrevise.rehearsal.facts import Rehearsal
from pgrevise.report.words import FailOn

Format = Literal["terminal", "markdown", "json", "sarif", "junit", "svg"]

FORMATS: tuple[Format, ...] = ("terminal", "markdown", "json", "sarif", "junit", "svg")

_MODULES: dict[Format, str] = {
    "terminal": "terminal",
    "markdown": "markdown",
    "json": "rehearsal_json",
    "sarif": "sarif",
    "junit": "junit",
    "svg": "timeline",
}


def render(
    rehearsal: Rehearsal,
    format: Format,  # noqa: A002 - what the task's option is called
    *,
    colour: bool = False,
    width: int = 100,
    unicode: bool = True,
    fail_on: FailOn = "error",
) -> str:
    """The report in one format, as text that ends with a line break.

    ``colour``, ``width`` (columns) and ``unicode`` are for the terminal alone; ``fail_on`` is from
    which severity on a finding is a failure in JUnit's report, "never" for none.
    """
    options: dict[str, object] = {}
    if format == "terminal":
        options = {"colour": colour, "width": width, "unicode": unicode}
    elif format == "junit":
        options = {"fail_on": fail_on}
    module = import_module(f"pgrevise.report.{_MODULES[format]}")
    text: str = module.render(rehearsal, **options)
    return text
