"""What goes on, told only when it lasts: one thread for as many short things as there are.

`Output.working` is for one thing; this is for a run of hundreds, each of which is most often over
long before anybody wonders.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from pgrevise.report.output import LONG_SECONDS, Output

if TYPE_CHECKING:
    from rich.status import Status

_LOOK_EVERY = 0.2


class Patience:
    """Tells of what has gone on for a second; call `close` at the end."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._changing = threading.Lock()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._text = ""
        self._since = 0.0
        self._live: Status | None = None

    def begin(self, text: str) -> None:
        """Something begins, and what went on before is over."""
        self.end()
        with self._changing:
            self._text, self._since = text, time.monotonic()
        if self._thread is None:
            self._thread = threading.Thread(target=self._watch, name="patience", daemon=True)
            self._thread.start()

    def end(self) -> None:
        """It is over; no live line is left."""
        with self._changing:
            self._text = ""
            if self._live is not None:
                self._live.stop()
                self._live = None

    def close(self) -> None:
        """Nothing more will begin."""
        self.end()
        self._closing.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _watch(self) -> None:
        while not self._closing.wait(_LOOK_EVERY):
            with self._changing:
                if self._text and time.monotonic() - self._since >= LONG_SECONDS:
                    self._live = self._output.tell(self._text)
                    self._text = ""
