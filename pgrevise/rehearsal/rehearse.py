"""Rehearsing a selection: every revision up, down and up again, from the schema at its parent.

The order of things is here, what is tried again, and what becomes of revisions that cannot be run.
Running is `workshop`'s, which database is at which revision `ascent`'s, judging `rules`'. At the
end all revisions are applied at once, which must give what going step by step gave.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

from pgrevise.catalog import Catalog, diff
from pgrevise.rehearsal.allow import allowed, allowed_of_history, misallowed
from pgrevise.rehearsal.facts import (
    AtOnce,
    Direction,
    Finding,
    Observed,
    Passage,
    Rehearsal,
    Rehearsed,
    Revision,
)
from pgrevise.rehearsal.following import left_nothing, skipped
from pgrevise.rehearsal.options import Options
from pgrevise.rehearsal.protocol import Ran, Task
from pgrevise.rehearsal.rules.registry import judge
from pgrevise.rehearsal.selection import Selection
from pgrevise.rehearsal.trial.facts import Trial
from pgrevise.rehearsal.trial.released import ReleasedCode, open_released
from pgrevise.rehearsal.trial.statistics import Statistics, load
from pgrevise.rehearsal.trial.touching import touched
from pgrevise.rehearsal.trial.trying import Ground, try_out
from pgrevise.rehearsal.verdict import verdict_of
from pgrevise.rehearsal.workshop.ascent import Ascent
from pgrevise.rehearsal.workshop.workshop import Workshop, open_workshop
from pgrevise.settings import Settings

_MOST_TRIES = 20

Started = Callable[[Revision, int, int], None]
Finished = Callable[[Rehearsed], None]


def rehearse(
    settings: Settings,
    selection: Selection,
    options: Options | None = None,
    *,
    progress: Callable[[str], None] | None = None,
    started: Started | None = None,
    finished: Finished | None = None,
    workshop: Workshop | None = None,
) -> Rehearsal:
    """Run the selected revisions on a private server and say what was observed.

    ``started`` is told each revision, its place and how many there are; ``finished`` what came of
    it; ``workshop`` is one that is open already and was not used. Raises `SettingsError` when the
    project's ``env.py`` cannot be run or the baseline is refused, `HistoryConflict` when the
    revisions do not fit together, and what `open_workshop` raises. A revision that fails raises
    nothing: that is what the report is about.
    """
    if workshop is not None:
        return _Rehearsing(workshop, selection, started, finished).run(progress)
    with open_workshop(settings, options or Options(), progress) as opened:
        return _Rehearsing(opened, selection, started, finished).run(progress)


class _Rehearsing:
    def __init__(
        self,
        workshop: Workshop,
        selection: Selection,
        started: Started | None,
        finished: Finished | None,
    ) -> None:
        self.workshop = workshop
        self.ascent = Ascent(workshop)
        self.history = workshop.history
        self.selection = selection
        self.released: ReleasedCode | None = None
        self.statistics: Statistics | None = None
        self._say: Callable[[str], None] = lambda _: None
        self._started = started or (lambda *_: None)
        self._finished = finished or (lambda _: None)

    def run(self, progress: Callable[[str], None] | None = None) -> Rehearsal:
        began = time.monotonic()
        self._say = progress or self._say
        rehearsed = []
        total = len(self.selection.revisions)
        with ExitStack() as stack:
            stack.callback(self.ascent.leave_tracked)
            self._look_around(stack)
            self._prepare()
            for place, identifier in enumerate(self.selection.revisions, start=1):
                revision = self.history.node(identifier).revision
                self._started(revision, place, total)
                rehearsed.append(self._judged(self._observed(revision)))
                self._finished(rehearsed[-1])
            self._say("applying all of them at once")
            findings = tuple(self._at_once())
        return Rehearsal(
            selection=self.selection.words,
            server=self.workshop.server,
            revisions=tuple(rehearsed),
            findings=(*findings, *misallowed(self._allowed)),
            notes=tuple(self.workshop.notes),
            seconds=time.monotonic() - began,
            root=str(self.workshop.settings.root),
        )

    def _look_around(self, stack: ExitStack) -> None:
        """Find what was asked for beside the revisions, before anything is run."""
        options = self.workshop.options
        if options.statistics is not None:
            self.statistics = load(options.statistics)
        if options.released:
            opened = open_released(self.workshop.settings, options)
            self.released = stack.enter_context(opened)

    def _prepare(self) -> None:
        """Bring the working database to where the first revision begins, and keep a clean one."""
        self.ascent.begin(len(self.selection.revisions))
        self._refuse_applied()
        if self.selection.revisions:
            first = self.selection.revisions[0]
            before = self.history.ordered(self.history.ancestors(first) - self.ascent.applied)
            if before:
                self._say(f"applying the {len(before)} revisions before {first}")
                self.ascent.climb(before)
        self.ascent.keep_clean()

    def _refuse_applied(self) -> None:
        """What the baseline holds already cannot be rehearsed from its parent."""
        there = [one for one in self.selection.revisions if one in self.ascent.applied]
        if not there:
            return
        left = tuple(one for one in self.selection.revisions if one not in self.ascent.applied)
        self.workshop.notes.append(
            f"{len(there)} of the selected revisions are in the baseline and were not rehearsed."
        )
        self.selection = replace(self.selection, revisions=left)

    def _observed(self, revision: Revision) -> Observed:
        """Run one revision three times; or say why it was not."""
        reason = self.ascent.reach(revision.identifier)
        if reason:
            untried = Passage("upgrade", "skipped", reason)
            self.ascent.failed[revision.identifier] = reason
            return self._skipped(revision, untried)
        for _ in range(_MOST_TRIES):
            before = self.ascent.catalog()
            up = self._passage(revision, "upgrade")
            if up.passage.outcome == "done" or not self.workshop.supplied(up):
                break
            self.ascent.start_over()
        if up.passage.outcome != "done":
            self.ascent.failed[revision.identifier] = up.passage.error
            self.ascent.start_over()
            return self._skipped(revision, up.passage, before)
        return self._there_and_back(revision, before, up.passage)

    def _there_and_back(self, revision: Revision, before: Catalog, up: Passage) -> Observed:
        after = self.ascent.look()
        down = self._passage(revision, "downgrade").passage
        restored, again, second = self.ascent.look(), skipped("second_upgrade", down), after
        if down.outcome == "done":
            again = self._passage(revision, "second_upgrade").passage
            second = self.ascent.look()
        was_done = down.outcome == "done"
        observed = Observed(
            revision=revision,
            before=before,
            upgrade=up,
            downgrade=down,
            second_upgrade=again,
            after=after,
            changes=tuple(diff(before, after)),
            differences=tuple(diff(before, restored)) if was_done else (),
            second_differences=tuple(diff(after, second)) if again.outcome == "done" else (),
            naming=self.workshop.naming,
            server=self.workshop.major,
        )
        is_clean = left_nothing(observed)
        observed = replace(observed, trial=self._with_rows(observed))
        self.ascent.count(revision.identifier)
        if not is_clean:
            self.ascent.start_over()
        elif observed.trial is not None:
            self.ascent.keep_up()
        return observed

    def _with_rows(self, observed: Observed) -> Trial | None:
        """What comes of a revision with rows in what it touches; None when that is nothing."""
        tables = touched(observed, self.workshop.version_tables)
        if not tables or self.workshop.options.rows == 0:
            return None
        revision = observed.revision
        with self.ascent.at_parent() as is_there:
            if not is_there:
                self.workshop.notes.append(
                    f"{revision.identifier} was not tried with rows: what comes before it could be "
                    "applied only once."
                )
                return None
            return try_out(self._ground(revision), observed, tables)

    def _ground(self, revision: Revision) -> Ground:
        def run(direction: Direction, deadline: float = 0.0) -> Passage:
            return self._passage(revision, direction, deadline).passage

        return Ground(
            self.workshop,
            run,
            self.ascent.at_parent_again,
            self.released,
            self.statistics,
            self._say,
        )

    def _passage(self, revision: Revision, direction: Direction, deadline: float = 0.0) -> Ran:
        task = Task((revision.identifier,), direction, is_observed=True)
        ran = self.workshop.run(task, deadline)
        if ran.passage.outcome != "done":
            return ran
        is_stamped = revision.identifier in self.ascent.stamped()
        if is_stamped == (direction != "downgrade"):
            return ran
        words = (
            "it ran to its end, but nothing of it was committed: env.py does not commit the "
            "transaction that it began"
        )
        return replace(ran, passage=replace(ran.passage, outcome="failed", error=words))

    def _at_once(self) -> Iterator[Finding]:
        """What applying everything in one run gives, beside what going step by step gave."""
        order = [one for one in self.ascent.order if one not in self._before_the_first()]
        if len(order) < 2:
            return
        stepwise = self.ascent.catalog()
        ran = self.ascent.at_once(tuple(order))
        failed = ran.passage.outcome != "done"
        at = (ran.stopped_at or order[0]) if failed else order[-1]
        seen = AtOnce(
            revision=self.history.node(at).revision,
            error=ran.passage.error if failed else "",
            error_line=ran.passage.error_line,
            changes=() if failed else tuple(diff(stepwise, self.workshop.catalog())),
            server=self.workshop.major,
        )
        yield from allowed_of_history(judge(seen), seen.revision, self._allowed)

    def _before_the_first(self) -> frozenset[str]:
        first = self.selection.revisions[0] if self.selection.revisions else ""
        return self.history.ancestors(first)

    @property
    def _allowed(self) -> dict[str, str]:
        return dict(self.workshop.settings.rehearsal_allow)

    def _judged(self, observed: Observed) -> Rehearsed:
        found = [] if self._is_told(observed) else judge(observed)
        findings = allowed(found, observed.revision, self._allowed)
        return Rehearsed(observed, verdict_of(observed), tuple(findings))

    def _is_told(self, observed: Observed) -> bool:
        """Whether it was not tried because of one in the same report, where the finding is."""
        if observed.upgrade.outcome != "skipped":
            return False
        before = self.history.ancestors(observed.revision.identifier)
        return bool(before & self.ascent.failed.keys() & set(self.selection.revisions))

    def _skipped(
        self, revision: Revision, upgrade: Passage, before: Catalog | None = None
    ) -> Observed:
        return Observed(
            revision=revision,
            before=before or Catalog((), self.workshop.major, ()),
            upgrade=upgrade,
            downgrade=skipped("downgrade", upgrade),
            second_upgrade=skipped("second_upgrade", upgrade),
            naming=self.workshop.naming,
            server=self.workshop.major,
        )
