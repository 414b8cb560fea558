"""A rehearsal as a test asks about it: who was blocked, what was rewritten, what became of rows.

The numbers are those of `pgrevise.rehearsal.facts`; running is in `pgrevise.rehearsal.rehearse`,
judging in its rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pgrevise.errors import UsageError
from pgrevise.rehearsal.facts import Finding, Rehearsal, Rehearsed, Severity, Statement
from pgrevise.rehearsal.modes import Blocked
from pgrevise.rehearsal.trial.facts import Broken, Loss, Traffic, Trial
from pgrevise.settings import Settings

if TYPE_CHECKING:
    from pgrevise.rehearsal.options import Options


@dataclass(frozen=True)
class RehearsalUnderTest:
    """What was observed of the upgrades, by table.

    Tables are named as SQL writes them, those of the schema "public" without it. Seconds of
    ``blocks_…`` are of empty tables: a rewrite or a scan that is over in a millisecond there takes
    as long as the table is large elsewhere, so ask for `rewritten` and `scanned` beside them, or
    for `stall` at a size. `fails_on_rows` and `losses` are of tables with rows.
    """

    rehearsal: Rehearsal
    options: Options | None = None

    @property
    def revisions(self) -> tuple[Rehearsed, ...]:
        """Each revision with all that was seen of it, from base to head."""
        return self.rehearsal.revisions

    def blocks_reads(self, table: str) -> float:
        """For how many seconds SELECT on a table had to wait, in the worst of the revisions."""
        return self._blocked(table, "reads")

    def blocks_writes(self, table: str) -> float:
        """For how many seconds INSERT, UPDATE and DELETE had to wait, in the worst revision."""
        return self._blocked(table, "writes")

    @property
    def rewritten(self) -> set[str]:
        """The tables and indexes of before that were written anew."""
        return {r.relation.name for s in self._statements() for r in s.rewrites}

    @property
    def scanned(self) -> set[str]:
        """The tables of before that were read from end to end."""
        return {scan.relation.name for s in self._statements() for scan in s.scans}

    def fails_on_rows(self) -> tuple[str, ...]:
        """The upgrades and downgrades that fail with rows in what they touch, each with why.

        Whether there were rows is in ``revisions``: a table that could not be filled fails nothing.
        """
        return tuple(
            f"{rehearsed.observed.revision.identifier}: the {passage.direction} "
            f"{'hangs' if passage.outcome == 'hung' else 'fails'}: {passage.error}"
            for rehearsed, trial in self._trials()
            for passage in (trial.upgrade, trial.downgrade)
            if passage.outcome in ("failed", "hung")
        )

    @property
    def losses(self) -> tuple[Loss, ...]:
        """The values that are lost or changed after the upgrade, and after up and down."""
        return tuple(loss for _, trial in self._trials() for loss in trial.losses)

    @property
    def broken(self) -> tuple[Broken, ...]:
        """What released code cannot do on the new schema: `rehearse` with ``released``."""
        codes = (trial.released for _, trial in self._trials())
        return tuple(broken for code in codes if code for broken in code.broken)

    def stall(self, table: str, traffic: Traffic) -> float:
        """For how many seconds reads or writes of a table stand still, in the worst upgrade.

        It is what was predicted for the size that was asked for; 0 for a table that is not blocked.
        Raises `UsageError` when no times were asked for.
        """
        options = self.options
        if options is None or not options.rows:
            raise UsageError(
                f"How long {traffic} of {table} stand still was not measured.",
                'Ask for a size, for example rehearse("202406141200", rows=100_000).',
            )
        return max(
            (
                stall.predicted.seconds
                for _, trial in self._trials()
                for stall in trial.stalls
                if (stall.table, stall.traffic) == (table, traffic) and stall.direction == "upgrade"
            ),
            default=0.0,
        )

    def findings(self, least: Severity = "info") -> tuple[Finding, ...]:
        """What the rules found and nobody allowed, at least so severe."""
        return self.rehearsal.counted(least)

    def _blocked(self, table: str, what: Blocked) -> float:
        times = (r.observed.upgrade.blocked(table, what) for r in self.revisions)
        return max(times, default=0.0)

    def _trials(self) -> Iterator[tuple[Rehearsed, Trial]]:
        for rehearsed in self.revisions:
            if rehearsed.observed.trial is not None:
                yield rehearsed, rehearsed.observed.trial

    def _statements(self) -> Iterator[Statement]:
        for rehearsed in self.revisions:
            yield from (s for s in rehearsed.observed.upgrade.statements if not s.is_foreign)


class Rehearse(Protocol):
    """``rehearse("202406141200")``, with the options of `db.rehearse` about rows where needed."""

    def __call__(
        self,
        revisions: str = "",
        *,
        rows: float | None = None,
        stats: str | Path | None = None,
        probe: bool = False,
        released: str = "",
        released_python: str = "",
        max_stall: float | None = None,
    ) -> RehearsalUnderTest:
        """Rehearse a selection, "" for what is new here."""


def rehearsing(settings: Settings) -> Rehearse:
    """A function that rehearses what it is told, each selection once with the same options."""
    done: dict[tuple[str, Options], RehearsalUnderTest] = {}

    def rehearsed(
        revisions: str = "",
        *,
        rows: float | None = None,
        stats: str | Path | None = None,
        probe: bool = False,
        released: str = "",
        released_python: str = "",
        max_stall: float | None = None,
    ) -> RehearsalUnderTest:
        from pgrevise.rehearsal.options import Options, number_of_rows, sized
        from pgrevise.rehearsal.rehearse import rehearse
        from pgrevise.rehearsal.selection import select

        asked = Options(
            rows=None if rows is None else number_of_rows(str(rows)),
            statistics=None if stats is None else Path(stats).absolute(),
            is_probed=probe,
            released=released,
            released_python=released_python,
            max_stall=max_stall,
        )
        options = sized(asked)
        if (revisions, options) not in done:
            selection = select(settings, wanted=revisions)
            done[revisions, options] = RehearsalUnderTest(
                rehearse(settings, selection, options), options
            )
        return done[revisions, options]

    return rehearsed
