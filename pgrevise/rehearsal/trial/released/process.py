"""The interpreter that released code runs in: starting it, asking it with a deadline, ending it.

A request and its answer are a line of JSON each, over pipes of their own; what released code prints
is read meanwhile, and the beginning and the end of it are kept.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from pgrevise.rehearsal.trial.released import script
from pgrevise.rehearsal.worker.clipped import Clipped

_CHUNK = 1 << 16
#: An answer longer than this is none.
_LONGEST = 1 << 26
_ENDING = 2.0
#: Loads the package `script` under a name that no released code has. The working folder is not yet
#: on the path, where a project's ``alembic`` folder would stand in the way of Alembic.
_START = """
import sys
from importlib.util import module_from_spec, spec_from_file_location
sys.path[:] = [place for place in sys.path if place]
spec = spec_from_file_location(
    "pgrevise_released", sys.argv[1] + "/__init__.py", submodule_search_locations=[sys.argv[1]]
)
sys.modules[spec.name] = module_from_spec(spec)
spec.loader.exec_module(sys.modules[spec.name])
from pgrevise_released.serving import main
main(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
"""


class Gone(Exception):
    """The process ended, or did not answer in time: why, without a full stop."""


class Process:
    """One interpreter; ``printed`` is what its code wrote on both its outputs.

    It removes ``folder`` when nobody asks it any more, and is gone.
    """

    def __init__(self, python: str, folder: Path, variables: Mapping[str, str]) -> None:
        """Start it. Raises `OSError` when ``python`` cannot be run."""
        self.printed = Clipped()
        self._answer = bytearray()
        requests, self._requests = os.pipe()
        self._answers, answers = os.pipe()
        place = str(Path(script.__file__).parent)
        try:
            self._process = subprocess.Popen(
                [python, "-c", _START, place, str(requests), str(answers), str(folder)],
                cwd=folder,
                env=dict(variables),
                pass_fds=[requests, answers],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                # A Ctrl-C is for us; it ends when we do.
                start_new_session=True,
            )
        except BaseException:
            os.close(self._requests)
            os.close(self._answers)
            raise
        finally:
            os.close(requests)
            os.close(answers)

    def ask(self, request: Mapping[str, object], deadline: float) -> dict[str, Any]:
        """Its answer. Raises `Gone` when there is none within ``deadline`` seconds."""
        until = time.monotonic() + deadline
        line = json.dumps(request).encode() + b"\n"
        try:
            os.write(self._requests, line)
        except BrokenPipeError as error:
            raise Gone(self._status()) from error
        while b"\n" not in self._answer:
            self._read(until, deadline)
        answer, _, rest = bytes(self._answer).partition(b"\n")
        self._answer[:] = rest
        found = json.loads(answer)
        if not isinstance(found, dict):
            raise Gone("its answer cannot be read")
        return found

    def close(self) -> None:
        """End it, with everything that it started."""
        os.close(self._requests)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._answers)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _read(self, until: float, deadline: float) -> None:
        """Read what comes next, printed or answered."""
        output = self._process.stdout
        assert output is not None  # noqa: S101 - it was asked for
        left = until - time.monotonic()
        ready = wait([self._answers, output.fileno()], timeout=left) if left > 0 else []
        if not ready:
            raise Gone(f"it did not come to its end within {deadline:g} s")
        for descriptor in (self._answers, output.fileno()):
            if descriptor not in ready:
                continue
            chunk = os.read(descriptor, _CHUNK)
            if descriptor == self._answers:
                self._answer += chunk
                if not chunk or len(self._answer) > _LONGEST:
                    raise Gone(self._status())
            elif chunk:
                self.printed.add(chunk)
            else:
                # Its outputs were closed; the pipe of answers tells when it is over.
                time.sleep(0.01)

    def _status(self) -> str:
        try:
            status = self._process.wait(timeout=_ENDING)
        except subprocess.TimeoutExpired:
            return "it closed its connection"
        self._rest()
        if status < 0:
            return f"its process was killed by {signal.Signals(-status).name}"
        return f"its process ended by itself: exit status {status}"

    def _rest(self) -> None:
        """What it printed last; a child of its own may have the pipe open for longer."""
        output = self._process.stdout
        while output is not None and wait([output.fileno()], timeout=0):
            chunk = os.read(output.fileno(), _CHUNK)
            if not chunk:
                return
            self.printed.add(chunk)
