"""A rehearsal for people: the lines of each revision, and beneath them what they did.

What there is to say comes from `annotated` and `words`; a passage's lines are `terminal_lines`'. A
revision without anything to look at is told in two lines, unless it is the only one.
"""

from __future__ import annotations

from pgrevise.rehearsal.facts import Direction, Passage, Rehearsal, Rehearsed
from pgrevise.report.annotated import annotate
from pgrevise.report.page import ASCII, UNICODE, Page, Segment
from pgrevise.report.source_lines import SourceLines
from pgrevise.report.summary import closing, counted_words, shape
from pgrevise.report.terminal_lines import Lines
from pgrevise.report.terminal_trial import TrialLines
from pgrevise.report.trial_words import is_told_briefly
from pgrevise.report.words import (
    BROKEN,
    BROKEN_WITH_ROWS,
    GOOD,
    PASSAGES,
    amount,
    duration,
    fails_with_rows,
    is_clean,
    one_line,
    verdict_words,
    works,
)

MOST_DIFFERENCES = 12


def render(
    rehearsal: Rehearsal, *, colour: bool = False, width: int = 100, unicode: bool = True
) -> str:
    """The report as text, lines of at most ``width`` columns.

    Without ``unicode`` it is pure ASCII, and other characters of the project are escaped.
    """
    page = Page(max(60, width), colour, UNICODE if unicode else ASCII)
    _Report(page, rehearsal).write()
    return page.text()


class _Report:
    """Writes one rehearsal on one page."""

    def __init__(self, page: Page, rehearsal: Rehearsal) -> None:
        self._page = page
        self._glyphs = page.glyphs
        self._rehearsal = rehearsal
        self._lines = Lines(page)
        self._trials = TrialLines(page)
        # Whether the passage before was told in one line.
        self._is_list = False

    def write(self) -> None:
        page, rehearsal = self._page, self._rehearsal
        head = f"Rehearsed {amount(len(rehearsal.revisions), 'revision')}"
        place = f" on PostgreSQL {one_line(rehearsal.server)} in {duration(rehearsal.seconds)}"
        page.row([(head, "bold"), (place, "")])
        page.wrapped([], one_line(rehearsal.selection), "dim")
        was_brief = False
        for rehearsed in rehearsal.revisions:
            is_brief = _is_brief(rehearsed) and len(rehearsal.revisions) > 1
            if not (is_brief and was_brief):
                page.blank()
            self._revision(rehearsed, is_brief)
            was_brief = is_brief and is_told_briefly(rehearsed)
        if rehearsal.findings:
            page.blank()
            page.row([("The history", "bold")])
            self._lines.findings(rehearsal.findings, [("  ", "")])
        page.blank()
        for note in rehearsal.notes:
            page.wrapped([(f"{self._glyphs.dot} ", "dim")], one_line(note), "dim")
        words, style = closing(rehearsal)
        page.wrapped([], words, style)

    def _revision(self, rehearsed: Rehearsed, is_brief: bool) -> None:
        observed, page = rehearsed.observed, self._page
        mark, style = self._mark(rehearsed)
        revision = observed.revision
        head = [
            (f"{mark} ", style),
            (one_line(revision.identifier), "bold"),
            (f"  {one_line(revision.subject)}", ""),
        ]
        if is_brief:
            told = shape(observed.upgrade)
            fits = sum(len(text) for text, _ in head) + len(told) + 2 <= page.width
            page.row(head, [(told, "dim")] if fits else [])
            if not fits:
                page.wrapped([("  ", "")], told, "dim")
            if not is_told_briefly(rehearsed):
                self._trials.write(rehearsed)
            return
        found = counted_words(rehearsed.findings) if rehearsed.findings else ""
        page.row(head, [(found, style)] if found else [])
        page.row([("  ", ""), (one_line(revision.file), "dim")])
        verdict = rehearsed.verdict
        is_bad = verdict.upgrade in BROKEN or verdict.with_rows in BROKEN_WITH_ROWS
        tone = "red" if is_bad else ("green" if works(rehearsed) else "yellow")
        page.wrapped([("  ", "")], verdict_words(rehearsed), tone)
        self._passage(rehearsed, observed.upgrade)
        self._passage(rehearsed, observed.downgrade)
        self._passage(rehearsed, observed.second_upgrade)
        self._with_rows(rehearsed)

    def _with_rows(self, rehearsed: Rehearsed) -> None:
        if rehearsed.observed.trial is None:
            return
        if not (self._is_list and is_told_briefly(rehearsed)):
            self._page.blank()
        self._trials.write(rehearsed)

    def _mark(self, rehearsed: Rehearsed) -> Segment:
        verdict, glyphs = rehearsed.verdict, self._glyphs
        if verdict.upgrade == "not tried" and not rehearsed.findings:
            return glyphs.dot, "dim"
        worst = {finding.severity for finding in rehearsed.findings if not finding.allowed}
        broken = {verdict.upgrade, verdict.downgrade, verdict.second_upgrade} & set(BROKEN)
        if broken or "error" in worst or fails_with_rows(rehearsed):
            return glyphs.error, "bold red"
        if "warning" in worst or verdict.second_upgrade not in GOOD["second_upgrade"]:
            return glyphs.warning, "yellow"
        if "info" in worst:
            return glyphs.info, "cyan"
        return glyphs.good, "green"

    def _passage(self, rehearsed: Rehearsed, passage: Passage) -> None:
        """A passage in full where it matters, else in a line."""
        findings = [f for f in rehearsed.findings if f.direction == passage.direction]
        is_shown = passage.direction == "upgrade" or bool(findings)
        is_shown = is_shown or passage.outcome in ("failed", "hung", "refused")
        if passage.outcome == "skipped" and not findings:
            return
        page = self._page
        if is_shown or not self._is_list:
            page.blank()
        self._is_list = not is_shown
        verdict = str(getattr(rehearsed.verdict, passage.direction))
        is_good = verdict in GOOD[passage.direction]
        style = "green" if is_good else ("red" if verdict in BROKEN else "yellow")
        page.row(
            [(f"  {PASSAGES[passage.direction]}", "bold"), (f"  {verdict}", style)],
            [(f"{shape(passage, briefly=True)}", "dim")],
        )
        self._differences(rehearsed, passage.direction)
        if is_shown:
            seen = annotate(rehearsed.observed, passage, findings)
            source = SourceLines(rehearsed.observed.revision.source)
            self._lines.blocks(seen, briefly=passage.direction != "upgrade")
            self._lines.trouble(seen, passage, source)
            self._lines.elsewhere(seen, source)
        self._unseen(passage)

    def _differences(self, rehearsed: Rehearsed, direction: Direction) -> None:
        sentences: tuple[str, ...] = ()
        if direction == "downgrade":
            sentences = rehearsed.verdict.differences
        elif direction == "second_upgrade":
            changes = rehearsed.observed.second_differences
            sentences = tuple(change.sentence for change in changes)
        for sentence in sentences[:MOST_DIFFERENCES]:
            self._page.wrapped([("    ", ""), (f"{self._glyphs.dot} ", "dim")], one_line(sentence))
        self._more("    ", len(sentences) - MOST_DIFFERENCES, "difference")

    def _unseen(self, passage: Passage) -> None:
        """What could not be observed."""
        if passage.unseen_sessions:
            count = amount(passage.unseen_sessions, "session")
            words = f"{count} beside SQLAlchemy could not be observed"
            self._page.wrapped([("    ", "")], words, "dim")
        if passage.threads:
            words = f"{amount(passage.threads, 'thread')} left running"
            self._page.wrapped([("    ", "")], words, "dim")

    def _more(self, lead: str, count: int, noun: str) -> None:
        if count > 0:
            words = f"{self._glyphs.ellipsis} {amount(count, f'more {noun}')}"
            self._page.row([(f"{lead}{words}", "dim")])


def _is_brief(rehearsed: Rehearsed) -> bool:
    """Whether a line says it all: nothing to look at, or nothing that was run."""
    was_run = rehearsed.observed.upgrade.outcome != "skipped"
    return is_clean(rehearsed) or not (was_run or rehearsed.findings)
