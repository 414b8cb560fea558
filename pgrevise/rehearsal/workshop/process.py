"""Our side of the worker: start it, hand it tasks with a deadline, end it.

What the two say to each other is in `protocol`; what it means that a child did not come back is
asked of the caller, who knows the server.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

import pgrevise
from pgrevise.errors import HistoryConflict
from pgrevise.rehearsal.protocol import (
    Ended,
    History,
    Loaded,
    Setup,
    Started,
    Task,
    Trouble,
    Warm,
    Warmed,
)

#: How long the project's history may take to be read, in seconds.
LOADING = 120.0
#: How long a child whose sessions were ended may take to tell what it saw, in seconds.
_LAST_WORDS = 2.0
_FOR_THE_WORKER = 30.0
_TAIL = 2000

#: Runs the worker without the working folder before everything else on the path, where a project's
#: ``alembic`` folder would stand in the way of Alembic.
_START = (
    "import sys; sys.path.append(sys.argv[2]); "
    "from pgrevise.rehearsal.worker.forker import main; main(int(sys.argv[1]))"
)

#: Called with the child's process number when the deadline is over: says why, ends its sessions.
Overdue = Callable[[int], str]


class Worker:
    """The worker of one rehearsal. A context manager; ``history`` is what it read."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._open()
        self.history: History

    def _open(self) -> None:
        setup = self._setup
        ours, theirs = socket.socketpair()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `close`
        package = str(Path(pgrevise.__file__).parents[1])
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _START, str(theirs.fileno()), package],
                cwd=setup.settings.root,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                # A Ctrl-C is for us; the worker ends when we do.
                start_new_session=True,
            )
        self._control = Connection(ours.detach())

    def __enter__(self) -> Worker:
        try:
            self._control.send(self._setup)
            self.history = self._loaded()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End it and its child, if it has one."""
        self._control.close()
        try:
            self._process.wait(timeout=5.0)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._errors.close()

    def warm(self, modules: Sequence[str], exercises: int = 0) -> None:
        """Have modules imported once for all tasks; a worker that this hurts is replaced.

        Raises `HistoryConflict` when the worker is gone.
        """
        try:
            self._control.send(Warm(tuple(modules), exercises))
            answer = self._control.recv() if self._control.poll(LOADING) else None
        except (EOFError, OSError):
            answer = None
        if not isinstance(answer, Warmed) or not answer.is_fit:
            self.close()
            self._open()
            self._control.send(self._setup)
            self.history = self._loaded()

    def run(self, task: Task, deadline: float, overdue: Overdue) -> tuple[Ended, str]:
        """Run one task; the text is what ``overdue`` said, "" when it took less than ``deadline``.

        Raises `HistoryConflict` when the worker itself is gone.
        """
        try:
            self._control.send(task)
            started = self._control.recv()
            why = "" if self._control.poll(deadline) else self._given_up(started, overdue)
            ended = self._control.recv()
        except (EOFError, OSError) as error:
            raise self._gone() from error
        if not isinstance(ended, Ended):
            raise self._gone()
        return ended, why

    def _given_up(self, started: Started, overdue: Overdue) -> str:
        """End a child that takes too long, gently at first: then it still tells what it saw."""
        why = overdue(started.pid)
        if not self._control.poll(_LAST_WORDS):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(started.pid, signal.SIGKILL)
        if not self._control.poll(_FOR_THE_WORKER):
            raise self._gone()
        return why

    def _loaded(self) -> History:
        try:
            if not self._control.poll(LOADING):
                raise HistoryConflict(
                    f"The revisions were not read within {LOADING:.0f} s.",
                    "Something in them, or in what they import, waits while it is imported.",
                )
            answer = self._control.recv()
        except (EOFError, OSError) as error:
            raise self._gone() from error
        if isinstance(answer, Trouble):
            raise HistoryConflict(answer.sentence, answer.next_step)
        if not isinstance(answer, Loaded):
            raise self._gone()
        return answer.history

    def _gone(self) -> HistoryConflict:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=5.0)
        self._errors.seek(0)
        said = self._errors.read()[-_TAIL:].decode(errors="replace").strip().splitlines()
        last = f": {said[-1]}" if said else ""
        return HistoryConflict(
            f"The process that runs the revisions ended by itself{last}.",
            "Something ended it, or a revision file that only running can tell the header of did.",
        )
