"""Starting fast: what helps a command to begin, whatever it does then."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collecting_nothing() -> Iterator[None]:
    """Keep the garbage collector from looking through thousands of new objects that all stay.

    For imports and for reading a history; a tenth of their time is its.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def keep_compiled() -> None:
    """Let Python keep what it compiles, revisions above all, unless its user told it not to.

    Invoke forbids it while it runs (its ``--write-pyc``), so that every command would compile every
    revision that it runs, and the models, anew.
    """
    sys.dont_write_bytecode = bool(sys.flags.dont_write_bytecode)
