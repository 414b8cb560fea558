"""Measuring two things in turn, so that a machine whose speed drifts does not favour either."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Action = Callable[[], None]
#: Does something and says how much of something it took: seconds, or bytes.
Figure = Callable[[], float]

#: The longest that a command may take, in seconds.
LIMIT = 1800.0


class CommandFailed(Exception):
    """A command that was to be measured did not do what it should."""


@dataclass(frozen=True)
class Pair:
    """What was measured of ours and of the peer's, in the order of the runs."""

    ours: tuple[float, ...]
    theirs: tuple[float, ...]


@dataclass(frozen=True)
class Comparison:
    """Median wall times of ours and the peer's, in seconds, over ``runs`` pairs."""

    what: str
    ours: float
    peer: str
    theirs: float
    runs: int

    @property
    def ratio(self) -> float:
        """Ours as a multiple of the peer's."""
        return self.ours / self.theirs


def compare(
    what: str,
    ours: Action,
    peer: str,
    theirs: Action,
    runs: int,
    prepare: Action = lambda: None,
) -> Comparison:
    """The times of both, run in turn. What ``prepare`` does before each of them is not timed."""
    pair = in_turn(timed(ours), timed(theirs), runs, prepare=prepare)
    medians = statistics.median(pair.ours), statistics.median(pair.theirs)
    return Comparison(what, medians[0], peer, medians[1], runs)


def in_turn(
    ours: Figure,
    theirs: Figure,
    runs: int,
    *,
    prepare: Action = lambda: None,
    their_runs: int | None = None,
) -> Pair:
    """Measure both ``runs`` times in turn after one run each that is not counted.

    ``prepare`` is called before each of them. With ``their_runs`` the peer is measured only so
    often, and where that is once, without a run before: for what takes minutes.
    """
    often = runs if their_runs is None else min(runs, their_runs)
    for figure in (ours, theirs) if their_runs != 1 else (ours,):
        prepare()
        figure()
    found: tuple[list[float], list[float]] = ([], [])
    for number in range(runs):
        for figure, figures in ((ours, found[0]), (theirs, found[1])):
            if figure is ours or number < often:
                prepare()
                figures.append(figure())
    return Pair(tuple(found[0]), tuple(found[1]))


def timed(action: Action) -> Figure:
    """How long an action takes, in seconds."""

    def measured() -> float:
        started = time.perf_counter()
        action()
        return time.perf_counter() - started

    return measured


def command(
    *arguments: str,
    folder: Path,
    environment: dict[str, str],
    before: Action | None = None,
) -> Action:
    """An action that runs a command and insists that it succeeds.

    ``before`` is called in the new process, ahead of the command.
    """

    def run() -> None:
        done = subprocess.run(
            arguments,
            cwd=folder,
            env=environment,
            check=False,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            preexec_fn=before,
        )
        if done.returncode:
            said = (done.stdout + done.stderr)[-2000:]
            raise CommandFailed(f"{' '.join(arguments[1:])} exited with {done.returncode}:\n{said}")

    return run
