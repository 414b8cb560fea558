"""How long a revision takes, and for how long tables stand still, over tables of a given size.

Fills the tables in fresh databases at the revision's parent, at one size or, where statistics say
that production is larger, at two; runs the revision up and down, with `probing` clients once more
when they were asked for. What is made of the times is `reckoning`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import psycopg

from pgrevise.rehearsal.facts import Direction, Observed, Passage
from pgrevise.rehearsal.options import MEASURED_ROWS
from pgrevise.rehearsal.trial import disk
from pgrevise.rehearsal.trial.facts import Stall, Timed
from pgrevise.rehearsal.trial.keeping import QUERIES, Place, count
from pgrevise.rehearsal.trial.populating import fill_tables, name_for_filling, touched_places
from pgrevise.rehearsal.trial.reckoning import Run, Sizes, stalls, timed
from pgrevise.rehearsal.trial.touching import Name
from pgrevise.rehearsal.workshop.workshop import Workshop

if TYPE_CHECKING:
    from pgrevise.rehearsal.trial.statistics import Statistics

#: The deadline of a passage is for so many rows; more get as many times more.
_ROWS_WITHIN_DEADLINE = 100_000
#: How much smaller the tables are from which growth is seen.
_STEP = 10
_Connection = psycopg.Connection[tuple[object, ...]]


class RunOnce(Protocol):
    """Runs the revision once in the working database, observed."""

    def __call__(self, direction: Direction, deadline: float = 0.0) -> Passage:
        """Up or down; ``deadline`` is another one than the options'."""


@dataclass
class Measured:
    """What was measured; ``notes`` say what was not."""

    timed: tuple[Timed, ...] = ()
    stalls: tuple[Stall, ...] = ()
    notes: list[str] = field(default_factory=list)


@dataclass
class Measuring:
    """Measures one revision. ``renew`` makes the working database anew at the revision's parent."""

    workshop: Workshop
    run: RunOnce
    renew: Callable[[], None]
    seen: Observed
    tables: frozenset[Name]
    directions: tuple[Direction, ...] = ("upgrade", "downgrade")
    statistics: Statistics | None = None
    say: Callable[[str], None] = lambda _: None

    def __post_init__(self) -> None:
        self.measured = Measured()
        self._runs: dict[Direction, list[Run]] = {"upgrade": [], "downgrade": []}
        self._roots: dict[str, str] = {}

    def check_disk(self, connection: _Connection) -> None:
        """Raise `UsageError` when there is no room; a few rows are there already."""
        sizes = self._sizes(touched_places(connection, self.tables), self._rows)
        disk.check(connection, sizes, copies=2 if self._is_probed else 1)

    def measure(self) -> Measured:
        """Run it at each size, and reckon."""
        for rows in self._steps():
            if not self._at(rows):
                break
        sizes = Sizes(self._production(), self._roots)
        for direction in self.directions:
            runs = self._runs[direction]
            if runs:
                self.measured.timed += timed(runs, sizes)
                self.measured.stalls += stalls(runs, sizes)
        # It may be large, and would else be dropped some time later.
        self.workshop.databases.remove("work")
        return self.measured

    @property
    def _rows(self) -> int:
        return self.workshop.options.rows or MEASURED_ROWS

    @property
    def _is_probed(self) -> bool:
        return self.workshop.options.is_probed

    def _steps(self) -> Iterator[int]:
        """The sizes to measure at, the largest last."""
        if self._rows > _STEP and max(self._production().values(), default=0) > self._rows:
            yield self._rows // _STEP
        yield self._rows

    def _at(self, rows: int) -> bool:
        """Fill to a size and run; returns whether it worked."""
        self.say(f"filling with {rows:,} rows what {self.seen.revision.identifier} touches")
        self.renew()
        is_last = rows == self._rows
        with self.workshop.beside() as connection:
            there = self._fill(connection, rows, is_told=is_last)
        if is_last and self._is_probed:
            self.workshop.databases.make("filled", "work")
        deadline = self.workshop.options.deadline * max(1.0, rows / _ROWS_WITHIN_DEADLINE)
        worked = self._pass(there, deadline, is_probed=False)
        if worked and is_last and self._is_probed:
            self.workshop.databases.remove("work")
            self.workshop.databases.rename("filled", "work")
            worked = self._pass(there, deadline, is_probed=True)
        if self.workshop.databases.has("filled"):
            self.workshop.databases.remove("filled")
        return worked

    def _fill(self, connection: _Connection, rows: int, *, is_told: bool) -> dict[str, int]:
        """Put rows into the tables; returns how many each has, by label."""
        places = touched_places(connection, self.tables)
        sizes = self._sizes(places, rows)
        wanted = {name_for_filling(place): number for place, number in sizes.items()}
        patience = self.workshop.options.deadline * max(1.0, rows / _ROWS_WITHIN_DEADLINE)
        fill_tables(connection, self.workshop, places, wanted, patience)
        self._roots = dict(connection.execute(QUERIES["partitions"].encode()).fetchall())  # type: ignore[arg-type] # two texts
        there = {place.label: count(connection, place) for place in places}
        for place, number in sizes.items() if is_told else ():
            if there[place.label] < number:
                self.measured.notes.append(
                    f"Times were measured with {there[place.label]:,} rows in {place.label} "
                    f"instead of {number:,}: no more could be made."
                )
        return there

    def _pass(self, rows: Mapping[str, int], deadline: float, *, is_probed: bool) -> bool:
        with self.workshop.beside():
            for direction in self.directions:
                self.say(f"running the {direction} of {self.seen.revision.identifier} over them")
                run = self._one(direction, rows, deadline, is_probed=is_probed)
                if run.passage.outcome != "done":
                    self.measured.notes.append(
                        f"The {direction} was not measured at {max(rows.values(), default=0):,} "
                        f"rows: {run.passage.error}."
                    )
                    return False
                self._runs[direction].append(run)
        return True

    def _one(
        self, direction: Direction, rows: Mapping[str, int], deadline: float, *, is_probed: bool
    ) -> Run:
        if not is_probed:
            return Run(rows, self.run(direction, deadline))
        from pgrevise.rehearsal.trial.probing import probing

        with probing(self.workshop.databases.work, tuple(rows)) as probe:
            passage = self.run(direction, deadline)
        self.measured.notes += [n for n in probe.notes if n not in self.measured.notes]
        seen = {(table, traffic): seconds for table, traffic, seconds in probe.stalls()}
        return Run(rows, passage, seen, probe.unrelated)

    def _sizes(self, places: Sequence[Place], rows: int) -> dict[Place, int]:
        """How many rows each table gets: so many, but in this share of production's at most."""
        production = self._production()
        found = {}
        for place in places:
            there = production.get(place.label)
            whole = self._rows if there is None else min(self._rows, there)
            found[place] = max(1, whole * rows // self._rows)
        return found

    def _production(self) -> dict[str, int]:
        """The rows of production's tables, as far as they are known."""
        if self.statistics is None:
            return {}
        known = ((name, self.statistics.rows(name)) for name in self.statistics.tables)
        return {name: rows for name, rows in known if rows is not None}
