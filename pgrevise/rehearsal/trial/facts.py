"""What was seen of a revision that ran with rows in its tables.

Frozen data, no database and no judgement. Times are seconds. Tables are named as SQL writes them;
the schema "public" is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pgrevise.rehearsal.facts import Direction, Passage

#: What stands still, in the words of `pgrevise.rehearsal.modes.Blocked`.
Traffic = Literal["reads", "writes"]
Operation = Literal["select", "insert", "update", "delete"]
#: "lost": a value that was there is gone (its column, or it is NULL now); "changed": it is another
#: value; "rows lost" and "rows added": the rows themselves.
Damage = Literal["lost", "changed", "rows lost", "rows added"]


@dataclass(frozen=True)
class FilledTable:
    """A table that was filled for the trial; ``reason`` says why it was not when ``rows`` is 0.

    ``is_touched`` when the revision touches it; others are filled because a touched one refers to
    them.
    """

    table: str
    rows: int
    reason: str = ""
    is_touched: bool = True


@dataclass(frozen=True)
class Loss:
    """What rows of before are no longer the same.

    ``at`` "upgrade": a surviving column holds something else right after the upgrade (a data
    migration does that on purpose); "downgrade": after up and down the values of before are not
    back. ``column`` is "" when rows are meant. ``rows`` is how many, of ``of`` rows. ``was`` and
    ``became`` are one example as SQL prints it, cut; None is NULL, or that there is no such column.
    """

    table: str
    column: str
    damage: Damage
    at: Literal["upgrade", "downgrade"]
    rows: int
    of: int
    was: str | None = None
    became: str | None = None


@dataclass(frozen=True)
class Seconds:
    """A time with the range that it is expected in, and how it came about.

    ``rows`` is the size that it is for; ``measured`` the sizes at which it was measured. It was
    measured itself when ``rows`` is one of them, else it is scaled.
    """

    seconds: float
    low: float
    high: float
    rows: int
    measured: tuple[int, ...]

    @property
    def is_scaled(self) -> bool:
        """Whether it was reckoned from smaller sizes."""
        return self.rows not in self.measured


@dataclass(frozen=True)
class Stall:
    """For how long reads or writes of a table stand still while a revision runs.

    ``predicted`` follows from the locks and times that were observed. ``probed`` is the longest
    that a client saw at ``probed_rows`` rows with ``--probe``, None when none ran. ``line`` is of
    the revision file: the statement that blocks longest.
    """

    table: str
    traffic: Traffic
    direction: Direction
    predicted: Seconds
    probed: float | None = None
    probed_rows: int = 0
    line: int = 0


@dataclass(frozen=True)
class Timed:
    """How long one statement took with rows there; ``line`` and ``sql`` as in `Statement`."""

    line: int
    sql: str
    direction: Direction
    took: Seconds


@dataclass(frozen=True)
class Broken:
    """One thing that released code does to a mapped class, and that fails after the upgrade.

    ``mapped`` is the class as Python names it ("app.models.queue.Job"), or the table where no class
    is mapped to it ("metadata.tables['x']"), ``table`` what it is mapped to, ``error`` PostgreSQL's
    message.
    """

    mapped: str
    table: str
    operation: Operation
    error: str
    sqlstate: str = ""


@dataclass(frozen=True)
class Released:
    """What released code did on the new schema.

    ``reference`` is what was asked for and ``commit`` what it was. ``classes`` and ``operations``
    are how many were tried. ``untried`` says what could not be, and why: operations that failed at
    the parent already, classes without rows. ``error`` says why nothing could be, with
    ``next_step``.
    """

    reference: str
    commit: str = ""
    classes: int = 0
    operations: int = 0
    broken: tuple[Broken, ...] = ()
    untried: tuple[str, ...] = ()
    error: str = ""
    next_step: str = ""


@dataclass(frozen=True)
class Trial:
    """A revision, run up and down with rows in the tables that it touches.

    ``upgrade`` and ``downgrade`` are those passages; without rows it went through. ``losses``
    compares values. ``timed`` and ``stalls`` are only there when a size or statistics were asked
    for, ``released`` when released code was. ``max_stall`` is the longest stall that was asked for.
    ``notes`` are what could not be done.
    """

    tables: tuple[FilledTable, ...]
    upgrade: Passage
    downgrade: Passage
    losses: tuple[Loss, ...] = ()
    timed: tuple[Timed, ...] = ()
    stalls: tuple[Stall, ...] = ()
    released: Released | None = None
    max_stall: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def filled(self) -> tuple[FilledTable, ...]:
        """The tables with rows."""
        return tuple(table for table in self.tables if table.rows)
