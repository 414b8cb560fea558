"""What the command line says about reports: a format, a file for each, a severity that fails."""

from __future__ import annotations

import os
from pathlib import Path

from pgrevise.errors import SettingsError, UsageError
from pgrevise.report.rehearsal import FORMATS, Format
from pgrevise.report.words import FailOn

_SUFFIXES: dict[str, Format] = {
    ".txt": "terminal",
    ".md": "markdown",
    ".json": "json",
    ".sarif": "sarif",
    ".xml": "junit",
    ".svg": "svg",
}
_LEAST: tuple[FailOn, ...] = ("error", "warning", "info", "never")


def format_of(text: str) -> Format:
    """The format of that name. Raises `UsageError` when there is none."""
    for known in FORMATS:
        if known == text:
            return known
    raise UsageError(f"There is no format {text!r}.", f"There are: {', '.join(FORMATS)}.")


def destination(text: str) -> tuple[Format, Path]:
    """``FORMAT=FILE``, or a file whose ending tells the format."""
    named, separator, path = text.partition("=")
    if separator:
        return format_of(named), _writable(text, path)
    known = _SUFFIXES.get(Path(text).suffix.lower())
    if known is None:
        endings = ", ".join(_SUFFIXES)
        raise UsageError(
            f"--output {text} does not say in which format.",
            f"Write FORMAT={text}, or let the file end in one of {endings}.",
        )
    return known, _writable(text, text)


def _writable(option: str, name: str) -> Path:
    """A file that a report can go to; said before the rehearsal, which may take long."""
    path = Path(name)
    if not name or path.is_dir():
        raise UsageError(f"--output {option} names no file.", "Write it as FORMAT=FILE.")
    folder = path.parent
    if not folder.is_dir():
        raise SettingsError(
            f"--output {option}: there is no folder {folder}.", "Make it, or name another file."
        )
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise SettingsError(f"--output {option} may not be written.", "Name another file.")
    return path


def severity(text: str) -> FailOn:
    """The severity of that name. Raises `UsageError` when there is none."""
    for known in _LEAST:
        if known == text:
            return known
    raise UsageError(f"There is no severity {text!r}.", f"There are: {', '.join(_LEAST)}.")
