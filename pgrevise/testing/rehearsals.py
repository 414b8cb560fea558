"""A rehearsal as a test asks about it: for how long a table was blocked, what was rewritten.

The numbers are those of `pgrevise.rehearsal.facts`; running is in `pgrevise.rehearsal.rehearse`,
judging in its rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pgrevise.rehearsal.facts import Finding, Rehearsal, Rehearsed, Severity, Statement
from pgrevise.rehearsal.modes import Blocked
from pgrevise.settings import Settings


@dataclass(frozen=True)
class RehearsalUnderTest:
    """What was observed of the upgrades, by table.

    Tables are named as SQL writes them, those of the schema "public" without it. The databases are
    empty: a rewrite or a scan that is over in a millisecond here takes as long as the table is
    large elsewhere, so ask for `rewritten` and `scanned` beside the seconds.
    """

    rehearsal: Rehearsal

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

    def findings(self, least: Severity = "info") -> tuple[Finding, ...]:
        """What the rules found and nobody allowed, at least so severe."""
        return self.rehearsal.counted(least)

    def _blocked(self, table: str, what: Blocked) -> float:
        times = (r.observed.upgrade.blocked(table, what) for r in self.revisions)
        return max(times, default=0.0)

    def _statements(self) -> Iterator[Statement]:
        for rehearsed in self.revisions:
            yield from (s for s in rehearsed.observed.upgrade.statements if not s.is_foreign)


def rehearsing(settings: Settings) -> Callable[[str], RehearsalUnderTest]:
    """A function that rehearses what it is told, each selection once; "" is what is new here."""
    done: dict[str, RehearsalUnderTest] = {}

    def rehearsed(revisions: str = "") -> RehearsalUnderTest:
        from pgrevise.rehearsal.options import Options
        from pgrevise.rehearsal.rehearse import rehearse
        from pgrevise.rehearsal.selection import select

        if revisions not in done:
            selection = select(settings, wanted=revisions)
            done[revisions] = RehearsalUnderTest(rehearse(settings, selection, Options()))
        return done[revisions]

    return rehearsed
