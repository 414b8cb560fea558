"""Starting fast, and ending so: what helps a process to begin, whatever it does then."""

from __future__ import annotations

import atexit
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

#: So many new objects are made before the garbage among them is looked for.
_YOUNG = 50_000
#: Python 3.12 itself begins with a few hundred objects left alone.
_FROZEN_BEFORE = gc.get_freeze_count()


class _Process:
    """What is known of this one: whether it ends with the command that it runs."""

    ends_soon = False


def one_command() -> None:
    """Tell that this process runs a command and ends; what is imported by now stays until then.

    Python ends with a look for garbage among all that it holds, which takes a tenth of a second
    once SQLAlchemy and Alembic are there. What is imported is not garbage, and is left out.
    """
    _Process.ends_soon = True
    gc.set_threshold(max(gc.get_threshold()[0], _YOUNG), *gc.get_threshold()[1:])
    gc.freeze()


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
        if _Process.ends_soon:
            gc.freeze()
        if was_on:
            gc.enable()


@contextmanager
def collecting_seldom() -> Iterator[None]:
    """Look for garbage among new objects only, and less often: most of it goes by itself.

    It is a tenth of the time of what makes many objects; those of before are left alone.
    """
    before = gc.get_threshold()
    is_first = gc.get_freeze_count() <= _FROZEN_BEFORE
    gc.set_threshold(max(before[0], _YOUNG), *before[1:])
    if is_first:
        gc.freeze()
    try:
        yield
    finally:
        gc.set_threshold(*before)
        if is_first:
            gc.unfreeze()


def end_quickly() -> None:
    """Let this process end without a last look for garbage among all that it holds.

    That takes a fifth of a second after a long history. It is the very last thing: whoever looks
    for what was not closed, as pytest does, has done so by then.
    """
    atexit.register(gc.freeze)


def keep_compiled() -> None:
    """Let Python keep what it compiles, revisions above all, unless its user told it not to.

    Invoke forbids it while it runs (its ``--write-pyc``), so that every command would compile every
    revision that it runs, and the models, anew.
    """
    sys.dont_write_bytecode = bool(sys.flags.dont_write_bytecode)
