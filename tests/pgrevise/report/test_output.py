"""Results on one stream, talk on the other, and nothing but JSON when JSON is asked for."""

from __future__ import annotations

import io
import json
import os
import pty
import select
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import pytest

from pgrevise.errors import LockBusy
from pgrevise.report.output import Output, plain
from pgrevise.report.progress import RunProgress
from pgrevise.request import Applied, Step


@pytest.fixture
def streams() -> tuple[io.StringIO, io.StringIO]:
    return io.StringIO(), io.StringIO()


def test_results_and_talk_are_kept_apart(streams: tuple[io.StringIO, io.StringIO]) -> None:
    output = Output(False, *streams)
    output.line("a result", "green")
    output.say("some talk", "dim")
    output.document({"not": "shown"})
    assert [stream.getvalue() for stream in streams] == ["a result\n", "some talk\n"]


def test_json_is_the_only_result(streams: tuple[io.StringIO, io.StringIO]) -> None:
    output = Output(True, *streams)
    output.line("a result")
    output.document({"é": (1, 2)})
    assert json.loads(streams[0].getvalue()) == {"é": [1, 2]}
    assert streams[1].getvalue() == ""


def test_a_failure_is_told_to_people_and_to_programs(
    streams: tuple[io.StringIO, io.StringIO],
) -> None:
    Output(True, *streams).failure(LockBusy("It is busy.", "Wait."))
    assert json.loads(streams[0].getvalue()) == {
        "error": "It is busy.",
        "next_step": "Wait.",
        "exit_code": 4,
    }
    assert streams[1].getvalue() == "Error: It is busy.\nWait.\n"


def test_what_takes_long_is_said_and_what_is_quick_is_not(
    streams: tuple[io.StringIO, io.StringIO],
) -> None:
    output = Output(False, *streams)
    with output.working("quick"):
        pass
    with output.working("slow"):
        time.sleep(1.2)
    assert streams[1].getvalue() == "slow …\n"


def test_dataclasses_and_paths_become_plain() -> None:
    @dataclass(frozen=True)
    class Result:
        path: Path
        inner: tuple[object, ...]

    found = plain(Result(Path("/a"), (Result(Path("b"), ()), {"k": {Path("c")}})))
    assert found == {"path": "/a", "inner": [{"path": "b", "inner": []}, {"k": ["c"]}]}


@pytest.fixture
def terminal() -> Iterator[tuple[int, TextIO]]:
    master, slave = pty.openpty()
    with os.fdopen(slave, "w") as stream:
        yield master, stream
    with suppress(OSError):
        os.close(master)


def test_a_terminal_gets_colour(
    terminal: tuple[int, TextIO], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    master, stream = terminal
    Output(results=stream).line("well", "green")
    assert os.read(master, 100) == b"\x1b[32mwell\x1b[0m\r\n"
    monkeypatch.setenv("NO_COLOR", "1")
    Output(results=stream).line("well", "green")
    assert os.read(master, 100) == b"well\r\n"


def test_a_run_is_told_line_by_line(streams: tuple[io.StringIO, io.StringIO]) -> None:
    with RunProgress(Output(False, *streams)) as progress:
        progress.waiting(3.2, "process 7")
        progress.started(Step("202401010000", "create a", "upgrade", 1, 2))
        progress.retrying(Step("202401010000", "create a", "upgrade", 1, 2), "busy", 0.5)
        progress.finished(Applied("202401010000", "create a", "upgrade", 0.25, 2))
        progress.finished(Applied("202401010001", "drop b", "downgrade", 1.5, 1))
    assert streams[0].getvalue().splitlines() == [
        "  + 202401010000  create a  (0.25 s, try 2)",
        "  - 202401010001  drop b  (1.50 s)",
    ]
    assert streams[1].getvalue().splitlines() == [
        "Waited 3 s for another runner: process 7",
        "  202401010000: busy; again in 0.5 s",
    ]


def test_a_revision_that_takes_long_is_told_and_quick_ones_are_not(
    streams: tuple[io.StringIO, io.StringIO],
) -> None:
    with RunProgress(Output(False, *streams)) as progress:
        for place in range(1, 4):
            progress.started(Step(f"20240101000{place}", "create", "upgrade", place, 3))
        time.sleep(1.5)
    assert streams[1].getvalue() == "202401010003 create (3 of 3) …\n"
    assert not any(thread.name == "patience" for thread in threading.enumerate())


def read_until(terminal: int, end: bytes) -> bytes:
    """What was written to a terminal, which may hand it over in pieces."""
    shown, deadline = b"", time.monotonic() + 10
    while not shown.endswith(end):
        assert select.select([terminal], [], [], max(0.0, deadline - time.monotonic()))[0], shown
        shown += os.read(terminal, 100_000)
    return shown


def test_a_live_line_is_gone_when_the_revision_is_done(terminal: tuple[int, TextIO]) -> None:
    master, stream = terminal
    results = io.StringIO()
    with RunProgress(Output(results=results, talk=stream)) as progress:
        progress.started(Step("202401010000", "create a", "upgrade", 1, 1))
        time.sleep(1.5)
        progress.finished(Applied("202401010000", "create a", "upgrade", 1.5, 1))
    shown = read_until(master, b"\x1b[?25h\r\x1b[1A\x1b[2K")
    assert b"create a (1 of 1)" in shown
