"""A revision tried with rows: fill what it touches at its parent, run it up and down, compare.

`try_out` works in the working database, which is at the revision's parent when it is called, and
may be thrown away afterwards. It says what it saw and judges nothing; trouble of its own becomes a
note, because what was seen without rows is worth having anyway.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import psycopg

from pgrevise.errors import ReviseError
from pgrevise.rehearsal.facts import Observed, Passage
from pgrevise.rehearsal.options import Options
from pgrevise.rehearsal.trial.facts import FilledTable, Loss, Released, Trial
from pgrevise.rehearsal.trial.keeping import Keeping, Place
from pgrevise.rehearsal.trial.measuring import Measured, Measuring, RunOnce
from pgrevise.rehearsal.trial.populating import described, fill_tables, touched_places
from pgrevise.rehearsal.trial.released import ReleasedCode
from pgrevise.rehearsal.trial.statistics import Statistics, mismatch
from pgrevise.rehearsal.trial.touching import Name
from pgrevise.rehearsal.workshop.workshop import Workshop

#: So many rows a table gets to see whether a revision fails, and what becomes of values.
FEW_ROWS = 100
_NO_ROWS = "there are no rows"


@dataclass
class Ground:
    """What a trial works with.

    ``run`` runs the revision once in the working database, ``renew`` makes that anew at the
    revision's parent. ``released`` is released code, ``statistics`` what is known of production,
    when they were asked for. ``say`` is told what goes on when it takes long.
    """

    workshop: Workshop
    run: RunOnce
    renew: Callable[[], None]
    released: ReleasedCode | None = None
    statistics: Statistics | None = None
    say: Callable[[str], None] = lambda _: None


def try_out(ground: Ground, seen: Observed, tables: frozenset[Name]) -> Trial:
    """Try a revision with a few rows in ``tables``, which it touches. The upgrade worked without.

    Raises what ends the whole rehearsal, such as `HistoryConflict` when the worker is gone.
    """
    trying = _Trying(ground, seen, tables)
    try:
        trying.go()
    except ReviseError:
        raise
    except psycopg.Error as error:
        trying.notes.append(f"The trial with rows was given up: {_words(error)}.")
    except Exception as error:  # noqa: BLE001 - rows are made for any schema there is; see above
        trying.notes.append(f"The trial with rows was given up: {error!r}.")
    return trying.trial()


@dataclass
class _Trying:
    """One trial and what it has found so far."""

    ground: Ground
    seen: Observed
    tables: frozenset[Name]
    filled: tuple[FilledTable, ...] = ()
    upgrade: Passage = field(default=Passage("upgrade", "skipped", _NO_ROWS))
    downgrade: Passage = field(default=Passage("downgrade", "skipped", _NO_ROWS))
    losses: tuple[Loss, ...] = ()
    released: Released | None = None
    measured: Measured = field(default_factory=Measured)
    notes: list[str] = field(default_factory=list)

    def trial(self) -> Trial:
        """What has been found."""
        return Trial(
            tables=self.filled,
            upgrade=self.upgrade,
            downgrade=self.downgrade,
            losses=self.losses,
            timed=self.measured.timed,
            stalls=self.measured.stalls,
            released=self.released,
            max_stall=self.ground.workshop.options.max_stall,
            notes=(*self.notes, *self.measured.notes),
        )

    def go(self) -> None:
        """Fill, go up and down, compare after each; then measure, if that was asked for."""
        measuring = self._measuring()
        with self.ground.workshop.beside() as connection:
            kept_of = self._fill(connection)
            if not any(table.rows and table.is_touched for table in self.filled):
                return
            if measuring:
                measuring.check_disk(connection)
                self._compare_statistics()
            keeping = Keeping(connection, kept_of)
            self.notes += keeping.notes
            self._go(keeping)
        if measuring and self.upgrade.outcome == "done":
            if self.downgrade.outcome != "done":
                measuring.directions = ("upgrade",)
            self.measured = measuring.measured
            measuring.measure()

    def _measuring(self) -> Measuring | None:
        ground, options = self.ground, self.ground.workshop.options
        if not is_measured(options):
            return None
        return Measuring(
            ground.workshop,
            ground.run,
            ground.renew,
            self.seen,
            self.tables,
            statistics=ground.statistics,
            say=ground.say,
        )

    def _compare_statistics(self) -> None:
        """Note where the statistics are of another schema than the revision begins from."""
        if self.ground.statistics is None:
            return
        known = {node.revision.identifier for node in self.ground.workshop.history.nodes}
        wanted = [table.table for table in self.filled if table.is_touched]
        parents = self.seen.revision.parents
        words = mismatch(self.ground.statistics, parents, known, wanted)
        self.notes += [words] if words else []

    def _fill(self, connection: psycopg.Connection[tuple[object, ...]]) -> list[Place]:
        """Put rows into what is touched; returns the tables that have some."""
        wanted = touched_places(connection, self.tables)
        patience = self.ground.workshop.options.deadline
        filled = fill_tables(connection, self.ground.workshop, wanted, FEW_ROWS, patience)
        self.filled, there = described(connection, filled, wanted)
        return there

    def _go(self, keeping: Keeping) -> None:
        """Up and down; released code is asked before and after the upgrade."""
        target = self.ground.workshop.databases.work
        code = self.ground.released
        mapped = [table.table for table in self.filled if table.rows and table.is_touched]
        if code:
            code.parent(target, mapped)
        self.upgrade = self.ground.run("upgrade")
        if self.upgrade.outcome != "done":
            self.downgrade = Passage("downgrade", "skipped", "the upgrade does not work with rows")
            if code:
                self.notes.append("Released code was not run: the upgrade does not work with rows.")
            return
        upgraded = keeping.look()
        if code:
            self.released = code.upgraded(target, mapped)
        self.downgrade = _foreseen(self.seen.downgrade) or self.ground.run("downgrade")
        is_down = self.downgrade.outcome == "done"
        self.losses = keeping.losses(upgraded, "upgrade", is_final=not is_down)
        if is_down:
            self.losses += keeping.losses(keeping.look(), "downgrade", is_final=True)


def is_measured(options: Options) -> bool:
    """Whether times are asked for, and so a size is filled to."""
    asked = (options.rows, options.statistics, options.is_probed, options.max_stall is not None)
    return any(asked)


def _foreseen(without: Passage) -> Passage | None:
    """What a downgrade comes to that does not even work without rows; None to try it."""
    if without.outcome == "done":
        return None
    if without.outcome == "refused":
        return Passage("downgrade", "refused", without.error, without.error_line)
    return Passage("downgrade", "skipped", "it does not work without rows either")


def _words(error: psycopg.Error) -> str:
    return " ".join((error.diag.message_primary or str(error)).split()).rstrip(".")
