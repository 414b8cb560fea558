"""Timing two things in turn, so that a machine whose speed drifts does not favour either."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Action = Callable[[], None]


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
    """Run both ``runs`` times in turn after one run each that is not counted.

    What ``prepare`` does before each of them is not timed.
    """
    for action in (ours, theirs):
        prepare()
        action()
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(runs):
        for action, found in zip((ours, theirs), times, strict=True):
            prepare()
            started = time.perf_counter()
            action()
            found.append(time.perf_counter() - started)
    return Comparison(what, statistics.median(times[0]), peer, statistics.median(times[1]), runs)


def command(*arguments: str, folder: Path, environment: dict[str, str]) -> Action:
    """An action that runs a command and insists that it succeeds."""

    def run() -> None:
        subprocess.run(
            arguments, cwd=folder, env=environment, check=True, capture_output=True, timeout=300
        )

    return run
