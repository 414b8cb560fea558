"""The quick walk over a long history, shared between two processes, each in a place of its own.

Both go up from base, and down and up again over a part of the history only: this process over the
upper one, another over the lower one. That is a little more work in far less time, where there is
a processor for each. What the two parts cannot show together is shown by neither: then the walk is
gone through again, carefully.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing

from pgrevise.history.listing import Entry
from pgrevise.postgres.target import Target
from pgrevise.settings import Settings
from pgrevise.testing.aside import Aside, is_alone
from pgrevise.testing.quick import Part, quick_walk
from pgrevise.testing.results import Walk

#: Below so many revisions a second process is not worth its while.
LONG = 60
#: The share of the lower part, which is walked over three times; the upper one begins at base too.
_LOWER = 0.6


def shared_walk(
    settings: Settings,
    empty: Callable[[], Target],
    listing: Sequence[Entry],
    private: Callable[[ExitStack], Callable[[], Target]],
) -> Walk | None:
    """Walk over the history like `quick_walk`, with the help of another process where that pays.

    ``listing`` is the history from base to head. ``private`` opens what gives empty databases, for
    the other process, which can use nothing that is open here.
    """
    below = round(len(listing) * _LOWER)
    if not (len(listing) >= LONG and _is_a_line(listing) and _can_be_shared()):
        return quick_walk(settings, empty)
    middle = listing[below - 1].revision

    def lower_part() -> bool:
        with ExitStack() as stack:
            return quick_walk(settings, private(stack), Part(top=middle)) is not None

    with closing(Aside(lower_part)) as lower:
        seen = quick_walk(settings, empty, Part(bottom=middle, below=below))
        return seen if seen is not None and lower.result() else None


def _is_a_line(listing: Sequence[Entry]) -> bool:
    """Whether each revision follows the one before it, so that half of them is a state."""
    expected = [(), *((entry.revision,) for entry in listing[:-1])]
    return [entry.parents for entry in listing] == expected


def _can_be_shared() -> bool:
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    return processors > 1 and is_alone()
