"""The lines of a passage as the terminal shows them, with findings beneath.

What a line did is `annotated`'s to say; which passages are shown is `terminal`'s.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from pgrevise.rehearsal.facts import Finding, Passage, Severity, Statement
from pgrevise.report.annotated import Annotated, Block, Entry
from pgrevise.report.page import Page, Segment
from pgrevise.report.source_lines import SourceLines
from pgrevise.report.words import amount, duration, one_line, without_controls

#: So many lines of one kind in a row are shown before the rest is counted.
MOST_ALIKE = 3
#: So many findings of one rule in one passage.
MOST_OF_A_RULE = 5

_STYLES: dict[Severity, str] = {"error": "bold red", "warning": "yellow", "info": "cyan"}
_WEIGHTS = {
    "reads": "red",
    "writes": "yellow",
    "DDL": "blue",
    "work": "magenta",
    "trouble": "red",
    "aside": "dim",
}


class Lines:
    """Writes lines and findings on a page; the same advice once."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._glyphs = page.glyphs
        self._advised: set[str] = set()

    def trouble(self, seen: Annotated, passage: Passage, source: SourceLines) -> None:
        """What ended the passage outside any statement."""
        if seen.trouble is None:
            return
        gap = " " * 9
        if passage.error_line:
            line = one_line(source.at(passage.error_line))
            self._page.row([(f"    {passage.error_line:>3}  ", "dim"), (line, "bold")])
        lead: list[Segment] = [(gap, ""), (f"{seen.trouble.label:<8}", "dim")]
        self._page.wrapped(lead, seen.trouble.text, _WEIGHTS[seen.trouble.weight])

    def blocks(self, seen: Annotated, briefly: bool = False) -> None:
        """The passage, transaction by transaction; briefly, those lines with something wrong."""
        entries = [e for block in seen.blocks for e in block.shown()]
        numbers = max((len(str(entry.line)) for entry in entries), default=1)
        spent: Counter[str] = Counter()
        for block in seen.blocks:
            self._block(block, max(3, numbers), spent, briefly)

    def _block(self, block: Block, numbers: int, spent: Counter[str], briefly: bool) -> None:
        glyphs, page = self._glyphs, self._page
        has_bracket = block.transaction is not None
        side = f"  {glyphs.side if has_bracket else ' '} "
        first = f"  {glyphs.first if has_bracket else ' '} "
        alike, before = 0, ""
        hidden: list[Entry] = []
        for entry in block.shown():
            kind = _kind(entry)
            alike = alike + 1 if kind == before else 1
            before = kind
            is_wrong = bool(entry.findings) or _failed(entry.statements)
            if not is_wrong and (briefly or alike > MOST_ALIKE):
                hidden.append(entry)
                continue
            first = self._hidden(hidden, first, side, numbers, briefly)
            hidden = []
            self._entry(entry, first, side, numbers, spent)
            first = side
        self._hidden(hidden, first, side, numbers, briefly)
        if block.transaction is not None and block.shown():
            lasted = duration(block.transaction.ended - block.transaction.began)
            end = "commit" if block.transaction.is_committed else "rollback"
            by = ", as SQL text" if block.transaction.by_statement else ""
            more = f", the first of {block.times:,} such transactions" if block.times > 1 else ""
            page.row([(f"  {glyphs.last} {end} after {lasted}{by}{more}", "dim")])

    def _hidden(
        self, entries: list[Entry], first: str, side: str, numbers: int, briefly: bool
    ) -> str:
        """Count lines that are not shown; returns what stands before the next."""
        if not entries:
            return first
        like = "" if briefly else (" like it" if len(entries) == 1 else " like these")
        words = f"{self._glyphs.ellipsis} {amount(len(entries), 'more line')}{like}"
        took = duration(sum(entry.seconds for entry in entries))
        gap = " " * numbers
        self._page.row([(first, "dim"), (f"{gap}  {words}", "dim")], [(took, "dim")])
        return side

    def _entry(
        self, entry: Entry, first: str, side: str, numbers: int, spent: Counter[str]
    ) -> None:
        page = self._page
        count = len(entry.statements)
        times = f"{count:,}x " if count > 1 else ""
        style = "dim" if not entry.line else ("bold" if entry.is_notable else "")
        number = str(entry.line) if entry.line else ""
        page.row(
            [(first, "dim"), (f"{number:>{numbers}}  ", "dim"), (entry.source, style)],
            [(times + duration(entry.seconds), "dim")],
        )
        lead: list[Segment] = [(side, "dim"), (" " * (numbers + 2), "")]
        if entry.is_notable:
            self._sql(entry, lead)
        for note in entry.notes:
            label = (f"{note.label:<8}", "dim")
            page.wrapped([*lead, label], note.text, _WEIGHTS[note.weight])
        self.findings(entry.findings, lead, spent)

    def _sql(self, entry: Entry, lead: list[Segment]) -> None:
        """The statements, where the source does not show them already."""
        busy = [s for s in entry.statements if _has_facts(s)] or entry.statements[:1]
        told = _letters(entry.source)
        texts = dict.fromkeys(one_line(s.sql) for s in busy)
        shown = [text for text in texts if _letters(text) not in told]
        for text in shown[:MOST_ALIKE]:
            self._page.row([*lead, (text, "dim")])
        if len(shown) > MOST_ALIKE:
            more = amount(len(busy) - MOST_ALIKE, "more", "more")
            words = f"{self._glyphs.ellipsis} {more} like these"
            self._page.row([*lead, (words, "dim")])

    def elsewhere(self, seen: Annotated, source: SourceLines) -> None:
        """Findings about the file, or at lines that executed nothing."""
        spent: Counter[str] = Counter()
        for finding in seen.elsewhere:
            quoted = one_line(source.at(finding.line)) if finding.line else ""
            if quoted:
                self._page.row([(f"    {finding.line:>3}  ", "dim"), (quoted, "bold")])
            self.findings([finding], [("         " if quoted else "    ", "")], spent)

    def findings(
        self,
        findings: Iterable[Finding],
        lead: list[Segment],
        spent: Counter[str] | None = None,
    ) -> None:
        """Findings under ``lead``; ``spent`` is how many of each rule were told before."""
        counts = Counter[str]() if spent is None else spent
        left_out: Counter[str] = Counter()
        for finding in findings:
            counts[finding.rule] += 1
            if counts[finding.rule] > MOST_OF_A_RULE:
                left_out[finding.rule] += 1
                continue
            self._finding(finding, lead)
        for rule, count in left_out.items():
            words = f"{self._glyphs.ellipsis} {count:,} more of {rule}"
            self._page.row([*lead, (words, "dim")])

    def _finding(self, finding: Finding, lead: list[Segment]) -> None:
        page, glyphs = self._page, self._glyphs
        sentence = f"{one_line(finding.sentence)} [{finding.rule}]"
        if finding.allowed:
            reason = f"{sentence} allowed: {one_line(finding.allowed)}"
            page.wrapped([*lead, (f"{glyphs.allowed} ", "dim")], reason, "dim")
            return
        style = _STYLES[finding.severity]
        mark = getattr(glyphs, finding.severity)
        page.wrapped([*lead, (f"{mark} {finding.severity}  ", style)], sentence, style)
        if finding.advice and finding.advice not in self._advised:
            self._advised.add(finding.advice)
            advice = without_controls(finding.advice)
            page.wrapped([*lead, (f"  {glyphs.then} ", "dim")], advice, "green")


def _kind(entry: Entry) -> str:
    """What makes neighbouring lines alike: the same verbs and the same sorts of notes."""
    verbs = " ".join(entry.statements[0].sql.split()[:2]).upper()
    return f"{verbs} {[note.label for note in entry.notes]} {_failed(entry.statements)}"


def _has_facts(statement: Statement) -> bool:
    facts = (statement.locks, statement.rewrites, statement.builds, statement.scans)
    return bool(any(facts) or statement.written or statement.error)


def _failed(statements: tuple[Statement, ...]) -> bool:
    return any(statement.error for statement in statements)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text)).lower()
