"""The process that runs the project's code: reads its history once, forks a child for each task.

Started by `pgrevise.rehearsal.workshop.process`, which gives it the descriptor of a socket. It
reads the headers of the revision files and runs none: that is done by children, one for each run,
so that nothing one run leaves in a module can colour another. What ``env.py`` imports may be
imported here, once; what it and the revisions do with it is done in children (`running`). A child
leads its own session and process group; it is killed when the rehearsal goes away.
"""

from __future__ import annotations

import faulthandler
import gc
import importlib
import os
import pickle
import signal
import sys
import tempfile
import threading
from contextlib import ExitStack, suppress
from dataclasses import replace
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from pgrevise.errors import ReviseError
from pgrevise.rehearsal.protocol import Ended, Loaded, Setup, Started, Task, Trouble, Warm, Warmed
from pgrevise.rehearsal.worker import elsewhere, exercise
from pgrevise.rehearsal.worker.application import running_application
from pgrevise.rehearsal.worker.clipped import Clipped

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory

_CHUNK = 1 << 16
#: How often to look whether a child is gone: while it works, and when it has told what it did; in
#: seconds.
_LOOK, _LOOK_AGAIN = 0.05, 0.002
#: Asks a child where its threads are.
WHERE_ARE_YOU = signal.SIGUSR1


class Forker:
    """Serves tasks until the rehearsal closes the connection."""

    def __init__(self, control: Connection, setup: Setup) -> None:
        self.control = control
        self.setup = setup
        self.gate = elsewhere.install(setup.place)
        self.script: ScriptDirectory

    def run(self) -> None:
        """Load the history, then fork a child for each task."""
        with ExitStack() as context:
            self._serve_in(context)

    def _serve_in(self, context: ExitStack) -> None:
        from pgrevise.rehearsal.worker import loading, surroundings

        surroundings.prepare(self.setup)
        try:
            # Revision files may ask for the application when they are imported.
            context.enter_context(running_application())
            self.script = loading.load(self.setup)
            history = loading.history_of(self.script, self.setup.settings.root)
        except ReviseError as error:
            self.control.send(Trouble(error.sentence, error.next_step))
            return
        self.control.send(Loaded(history))
        while True:
            try:
                task = self.control.recv()
            except EOFError:
                return
            if isinstance(task, Warm):
                self.control.send(self._warmed(task))
            elif not self._serve(task):
                return

    def _warmed(self, wanted: Warm) -> Warmed:
        if wanted.exercises and "flask" not in sys.modules:
            exercise.go_through(self.setup, self.gate, wanted.exercises)
        for name in wanted.modules:
            with suppress(Exception):
                importlib.import_module(name)
        # What is here is here to stay: children need not look at it, and so need no copy of it.
        gc.freeze()
        return Warmed(threading.active_count() == 1 and not self.gate.sessions)

    def _serve(self, task: Task) -> bool:
        """Run one task in a child; False when nobody waits for the answer any more."""
        output, printed = os.pipe()
        result, told = os.pipe()
        with tempfile.TemporaryFile() as stacks:
            child = os.fork()
            if child == 0:
                os.close(output)
                os.close(result)
                self.control.close()
                self._be_child(task, printed, told, stacks)
            os.close(printed)
            os.close(told)
            self.control.send(Started(child))
            try:
                ended = self._follow(child, output, result)
            finally:
                os.close(output)
                os.close(result)
            if ended is None:
                return False
            stacks.seek(0)
            words = stacks.read(_CHUNK).decode(errors="replace")
            self.control.send(replace(ended, stacks=words))
            return True

    def _be_child(self, task: Task, printed: int, told: int, stacks: BinaryIO) -> None:
        """Run the task and tell what came of it; never returns."""
        from pgrevise.rehearsal.worker import running

        # Little of what a child makes is garbage, and all of it goes at its end.
        gc.set_threshold(20_000, 20, 20)
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(printed, 1)
        os.dup2(printed, 2)
        faulthandler.register(WHERE_ARE_YOU, file=stacks, all_threads=True)
        try:
            ran = running.run(self.setup, self.script, task, self.gate)
            with suppress(Exception):
                sys.stdout.flush()
                sys.stderr.flush()
            with os.fdopen(told, "wb") as answer:
                answer.write(pickle.dumps(ran))
        finally:
            # Without the interpreter's own end: it would wait for threads that were left running.
            os._exit(0)

    def _follow(self, child: int, output: int, result: int) -> Ended | None:
        """Read what a child prints and tells until it is gone; None when the rehearsal is gone."""
        printed, told = Clipped(), bytearray()
        waiting: list[int | Connection] = [output, result, self.control]
        while result in waiting or _is_alive(child):
            for ready in wait(waiting, timeout=_LOOK if result in waiting else _LOOK_AGAIN):
                if not isinstance(ready, int):
                    _kill(child)
                    return None
                chunk = os.read(ready, _CHUNK)
                if not chunk:
                    waiting.remove(ready)
                elif ready == output:
                    printed.add(chunk)
                else:
                    told += chunk
        while output in waiting and wait([output], timeout=0):
            chunk = os.read(output, _CHUNK)
            if not chunk:
                break
            printed.add(chunk)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        _kill_group(child)
        ran = None
        with suppress(Exception):
            ran = pickle.loads(told)  # noqa: S301 - from a child of ours
        return Ended(ran, status, printed.text)


def _is_alive(child: int) -> bool:
    found = os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    return found is None


def _kill(child: int) -> None:
    _kill_group(child)
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    with suppress(ChildProcessError):
        os.waitpid(child, 0)


def _kill_group(child: int) -> None:
    """What a child started may outlive it; its process group does not."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)


def main(descriptor: int) -> None:
    """Serve the rehearsal at the other end of a socket."""
    control = Connection(descriptor)
    setup = control.recv()
    # Before the project's folder comes first, where a folder of its own may be called alembic.
    importlib.import_module("pgrevise.rehearsal.worker.running")
    os.chdir(setup.settings.root)
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    Forker(control, setup).run()
