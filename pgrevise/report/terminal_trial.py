"""What a revision did to rows, as the terminal shows it beneath the passages.

The words are `trial_words`'. A trial that went well is one line; times are grouped by table, each
group headed by how its numbers came about.
"""

from __future__ import annotations

from pgrevise.rehearsal.facts import Rehearsed
from pgrevise.rehearsal.trial.facts import Released, Trial
from pgrevise.report import trial_words
from pgrevise.report.page import Page, Segment
from pgrevise.report.trial_words import Standstill
from pgrevise.report.words import (
    BROKEN_WITH_ROWS,
    GOOD,
    amount,
    duration,
    listing,
    one_line,
)

MOST_LOSSES = 12
MOST_STALLS = 16
MOST_STATEMENTS = 5
MOST_BROKEN = 12
MOST_UNTRIED = 5

_GAP: Segment = ("    ", "")
_WIDTH = 10


class TrialLines:
    """Writes the trial of a revision on a page."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._glyphs = page.glyphs

    def write(self, rehearsed: Rehearsed) -> None:
        """The verdict with rows, and beneath it what there is to look at."""
        trial = rehearsed.observed.trial
        if trial is None:
            return
        verdict = rehearsed.verdict.with_rows
        style = "green" if verdict in GOOD["with_rows"] else "yellow"
        if verdict in BROKEN_WITH_ROWS:
            style = "red"
        head: list[Segment] = [("  with rows", "bold"), (f"  {verdict}", style)]
        told = trial_words.filled(trial)
        fits = sum(len(text) for text, _ in head) + len(told) + 4 <= self._page.width
        self._page.row(head, [(told, "dim")] if told and fits else [])
        if told and not fits:
            self._labelled("filled", told, "dim")
        self.details(trial)

    def details(self, trial: Trial) -> None:
        """Everything but the verdict."""
        if trial_words.is_quiet(trial):
            self._released(trial.released)
            return
        referred = trial_words.referred(trial)
        if referred:
            self._labelled("also", f"{referred}, for foreign keys", "dim")
        for table, reason in trial_words.unfilled(trial):
            why = f": {reason}" if reason else ""
            self._labelled("no rows", f"in {table}{why}", "yellow")
        for passage, why in trial_words.troubles(trial):
            style = "dim" if passage.outcome == "refused" else "red"
            words = f"the {passage.direction}{why}"
            self._labelled(trial_words.stopped(passage), words, style)
        self._losses(trial)
        self._stalls(trial)
        self._statements(trial)
        self._released(trial.released)
        for note in trial.notes:
            self._labelled("note", one_line(note), "dim")

    def _losses(self, trial: Trial) -> None:
        labels = {"lost": "lost", "rows lost": "lost", "rows added": "added"}
        for loss in trial.losses[:MOST_LOSSES]:
            self._labelled(labels.get(loss.damage, "changed"), trial_words.loss(loss), "yellow")
        self._more(len(trial.losses) - MOST_LOSSES, "more like these")

    def _stalls(self, trial: Trial) -> None:
        found = trial_words.standstills(trial)
        before = ""
        for still in found[:MOST_STALLS]:
            if still.origin != before:
                self._labelled("stall", still.origin, "")
            before = still.origin
            self._stall(still)
        self._more(len(found) - MOST_STALLS, "more stalls")

    def _stall(self, still: Standstill) -> None:
        probed = f"; the probe saw {still.probed}" if still.probed else ""
        at = f"; line {still.first.line}" if still.first.line else ""
        style = "red" if still.first.traffic == "reads" else "yellow"
        lead: list[Segment] = [_GAP, (" " * _WIDTH, "")]
        self._page.wrapped(lead, f"{still.words}{probed}{at}", style)

    def _statements(self, trial: Trial) -> None:
        for timed in trial_words.slowest(trial, MOST_STATEMENTS):
            took = timed.took
            place = f"line {timed.line}" if timed.line else "elsewhere"
            passage = "" if timed.direction == "upgrade" else f" of the {timed.direction}"
            words = (
                f"{place}{passage} takes {duration(took.seconds)} ({trial_words.span(took)}), "
                f"{trial_words.origin(took)}"
            )
            self._labelled("time", words, "magenta")
            self._page.row([_GAP, (" " * _WIDTH, ""), (one_line(timed.sql), "dim")])

    def _released(self, code: Released | None) -> None:
        if code is None:
            return
        style = "red" if code.broken else ("yellow" if code.error else "green")
        self._labelled("released", trial_words.released(code), style)
        indent: Segment = (" " * _WIDTH, "")
        if code.error and code.next_step:
            then: Segment = (f"{self._glyphs.then} ", "dim")
            self._page.wrapped([_GAP, indent, then], one_line(code.next_step), "green")
        broken = trial_words.breakages(code.broken)
        for one in broken[:MOST_BROKEN]:
            words = f"{one.mapped}: {listing(one.operations)}: {one.error}"
            self._page.wrapped([_GAP, indent, (f"{self._glyphs.error} ", "red")], words, "red")
        self._more(len(broken) - MOST_BROKEN, "more like these")
        for words in code.untried[:MOST_UNTRIED]:
            lead: list[Segment] = [_GAP, indent, (f"{self._glyphs.dot} ", "dim")]
            self._page.wrapped(lead, f"not tried: {one_line(words)}", "dim")
        self._more(len(code.untried) - MOST_UNTRIED, "more not tried")

    def _labelled(self, label: str, text: str, style: str) -> None:
        self._page.wrapped([_GAP, (f"{label:<{_WIDTH}}", "dim")], text, style)

    def _more(self, count: int, words: str) -> None:
        if count > 0:
            told = amount(count, words, words)
            line = f"{self._glyphs.ellipsis} {told}"
            self._page.row([_GAP, (" " * _WIDTH, ""), (line, "dim")])
