"""Work that goes on in a process of its own meanwhile, where that is safe.

The process is forked, which costs next to nothing and needs nothing that is loaded to be loaded
again. It is safe while nothing but the caller's thread runs: on Linux that can be asked, elsewhere
libraries start threads of their own. The result travels back through a pipe. Where no process can
be had, or it comes back without a result, the work is done when its result is asked for: an error
is raised by that, in its own words.
"""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")

#: So long, in seconds, a result is waited for before the work is done here.
PATIENCE = 300.0
#: So long, in seconds, a process whose result nobody wants may take to clean up.
FAREWELL = 10.0


class Aside(Generic[Result]):
    """A function that is run in another process at once, or here when its result is wanted.

    It has to open what it needs by itself, and to close it. Call `close` in any case.
    """

    def __init__(self, work: Callable[[], Result]) -> None:
        self._work = work
        self._process: Any = None
        self._reader: Connection | None = None
        if is_alone():
            self._start()

    def result(self) -> Result:
        """What the function returns. Raises what it raises."""
        try:
            if self._reader is not None and self._reader.poll(PATIENCE):
                found: Result = self._reader.recv()
                return found
        except (EOFError, OSError):
            pass  # it came to nothing there: here it is told why
        finally:
            self.close()
        return self._work()

    def close(self) -> None:
        """Wait for the process to end; doing so twice does nothing."""
        if self._reader is not None:
            self._reader.close()
            self._process.join(FAREWELL)
            if self._process.exitcode is None:
                self._process.kill()
                self._process.join()
            self._process.close()
            self._reader = None

    def _start(self) -> None:
        context = multiprocessing.get_context("fork")
        reader, writer = context.Pipe(duplex=False)
        self._process = context.Process(target=_run, args=(self._work, reader, writer), daemon=True)
        self._process.start()
        writer.close()
        self._reader = reader


def is_alone() -> bool:
    """Whether this process can be forked: one thread, on a system where that can be asked."""
    if sys.platform != "linux":
        return False
    return len(list(Path("/proc/self/task").iterdir())) == 1


def _run(work: Callable[[], Any], reader: Connection, writer: Connection) -> None:
    """Do the work and send the result; whatever goes wrong goes wrong again in the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    reader.close()  # so that sending ends when the parent wants no result any more
    with suppress(BaseException):
        writer.send(work())
