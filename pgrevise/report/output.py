"""What people and programs read: results on standard output, talk on standard error.

Plain lines by default; colour and a live line on a terminal, unless ``NO_COLOR`` is set; one JSON
document with ``--json``. Nothing outside this package prints.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from pgrevise.errors import PartialRun, ReviseError

if TYPE_CHECKING:
    from rich.status import Status

LONG_SECONDS = 1.0

_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


class Output:
    """Where a command writes; with ``as_json`` standard output gets one document only."""

    def __init__(
        self, as_json: bool = False, results: TextIO | None = None, talk: TextIO | None = None
    ) -> None:
        self.as_json = as_json
        self._results = results or sys.stdout
        self._talk = talk or sys.stderr

    def line(self, text: str = "", style: str | None = None) -> None:
        """One line of the result, for people."""
        if not self.as_json:
            print(_styled(text, style, self._results), file=self._results, flush=True)

    def text(self, text: str) -> None:
        """A whole result as it is, in whatever form was asked for; it ends with a line break."""
        print(text, file=self._results, end="", flush=True)

    def say(self, text: str, style: str | None = None) -> None:
        """One line of talk: what is going on, and why."""
        print(_styled(text, style, self._talk), file=self._talk, flush=True)

    def document(self, value: Any) -> None:
        """The result, for programs; does nothing without ``--json``."""
        if self.as_json:
            print(json.dumps(plain(value), indent=2, ensure_ascii=False), file=self._results)

    def failure(self, error: ReviseError) -> None:
        """An expected failure, in the form the reader asked for."""
        applied = {"applied": error.applied} if isinstance(error, PartialRun) else {}
        told = {"error": error.sentence, "next_step": error.next_step} | applied
        self.document(told | {"exit_code": error.exit_code})
        self.say(f"{_styled('Error:', 'red', self._talk)} {error.sentence}")
        self.say(error.next_step)

    @contextmanager
    def working(self, text: str) -> Iterator[None]:
        """Show ``text`` while the context lasts, if it lasts longer than a second."""
        shown: list[Status | None] = []
        timer = threading.Timer(LONG_SECONDS, lambda: shown.append(self.tell(text)))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()
            for status in filter(None, shown):
                status.stop()

    def tell(self, text: str) -> Status | None:
        """What goes on: a live line on a terminal, which is to be stopped, or a plain one."""
        if not self._talk.isatty():
            self.say(f"{text} …")
            return None
        from rich.console import Console
        from rich.status import Status

        status = Status(text, console=Console(file=self._talk))
        status.start()
        return status


def plain(value: Any) -> Any:
    """``value`` as JSON can hold it: dataclasses as objects, paths as text."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def _styled(text: str, style: str | None, stream: TextIO) -> str:
    if style is None or os.environ.get("NO_COLOR") or not stream.isatty():
        return text
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m"
