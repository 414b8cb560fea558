"""Work in a process of its own: its result, or the work done here; and no process is left."""

from __future__ import annotations

import os
import subprocess
import sys
from textwrap import dedent

import pytest

from tests.pgrevise.conftest import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is forked")

BEFORE = """
import multiprocessing, os, threading
from pgrevise.errors import SettingsError
from pgrevise.testing.aside import Aside

here = os.getpid()

def place():
    return "here" if os.getpid() == here else "aside"
"""
AFTER = """
aside.close()
assert multiprocessing.active_children() == []
"""


def said(text: str) -> str:
    """What a program says that has no threads, as a test worker has; warnings are errors."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", dedent(BEFORE) + dedent(text) + AFTER],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout.strip()


def test_the_result_comes_from_another_process() -> None:
    assert said("aside = Aside(place); print(aside.result())") == "aside"


def test_an_error_is_raised_here_in_its_own_words() -> None:
    text = """
    def fail():
        raise SettingsError(f"It failed {place()}.", "Mend it.")

    aside = Aside(fail)
    try:
        aside.result()
    except SettingsError as error:
        print(error.sentence)
    """
    assert said(text) == "It failed here."


@pytest.mark.parametrize("end", ["os._exit(1)", "os.kill(os.getpid(), 9)", "raise SystemExit"])
def test_a_process_that_ends_early_is_stood_in_for(end: str) -> None:
    text = f"""
    def end():
        if place() == "aside":
            {end}
        return place()

    aside = Aside(end)
    print(aside.result())
    """
    assert said(text) == "here"


def test_a_result_that_cannot_travel_is_made_here() -> None:
    text = """
    aside = Aside(lambda: (place(), lambda: None))
    print(aside.result()[0])
    """
    assert said(text) == "here"


def test_beside_other_threads_nothing_is_forked() -> None:
    text = """
    done = threading.Event()
    threading.Thread(target=done.wait).start()
    aside = Aside(place)
    print(aside.result())
    done.set()
    """
    assert said(text) == "here"


def test_a_result_nobody_asks_for_holds_nobody_up() -> None:
    text = """
    import time
    aside = Aside(lambda: bytes(10_000_000))
    began = time.monotonic()
    aside.close()
    print(time.monotonic() - began < 5)
    """
    assert said(text) == "True"
