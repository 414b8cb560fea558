"""A rehearsal as a picture: a lane for each table, its locks as bars over time.

An SVG that needs nothing from elsewhere: no script, no font, no image. What is drawn comes from
`timeline_facts`, where it stands from `timeline_scale`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pgrevise.rehearsal.facts import Rehearsal, Rehearsed, Transaction
from pgrevise.report.summary import closing, shape
from pgrevise.report.timeline_facts import Held, Lane, Panel, Row, Span, joined, panel
from pgrevise.report.timeline_scale import Scale
from pgrevise.report.timeline_shapes import STYLE, bar, rule, safe, upright
from pgrevise.report.trial_words import Standstill, origin, summary
from pgrevise.report.words import (
    PASSAGES,
    amount,
    cut,
    duration,
    is_clean,
    one_line,
    verdict_words,
    worst_first,
)

WIDTH = 1080
MOST_REVISIONS = 40

_LEFT, _RIGHT = 196.0, 1056.0
_ROW, _BAR = 21.0, 15.0
#: The width of a character of the two fonts, a little too wide rather than too narrow.
_MONO, _SANS = 6.7, 6.4
_LEGEND = (
    ("reads", "blocks reads, writes and DDL"),
    ("writes", "blocks writes and DDL"),
    ("DDL", "blocks DDL alone"),
    ("nobody", "blocks no query"),
    ("run", "a statement runs"),
)


def render(rehearsal: Rehearsal) -> str:
    """The picture of all revisions, one below the other."""
    drawing = _Drawing()
    drawing.header(rehearsal)
    revisions = _chosen(rehearsal.revisions)
    for rehearsed in revisions:
        drawing.revision(rehearsed)
    hidden = len(rehearsal.revisions) - len(revisions)
    if hidden:
        drawing.line(f"{amount(hidden, 'more revision')} not drawn", "quiet")
    drawing.legend()
    return drawing.svg(rehearsal)


def _chosen(revisions: Sequence[Rehearsed]) -> list[Rehearsed]:
    """As many as are drawn, in their order: those first that are not clean."""
    places = sorted(range(len(revisions)), key=lambda place: is_clean(revisions[place]))
    return [revisions[place] for place in sorted(places[:MOST_REVISIONS])]


@dataclass
class _Drawing:
    """Elements as they are added, and how far down the page they reach."""

    y: float = 16.0
    parts: list[str] = field(default_factory=list)

    def header(self, rehearsal: Rehearsal) -> None:
        """What was rehearsed, and what came of it."""
        self.line(cut(one_line(rehearsal.selection), 130), "head")
        server = f"PostgreSQL {one_line(rehearsal.server)}"
        self.line(f"{server} · {closing(rehearsal)[0]}", "quiet")

    def line(self, text: str, style: str = "", x: float = 24) -> None:
        """A line of text at the left."""
        self.y += 20
        self.text(x, self.y, text, style)

    def revision(self, rehearsed: Rehearsed) -> None:
        """One revision: its name, and a panel for each of its two passages."""
        observed = rehearsed.observed
        self.y += 14
        self.parts.append(rule(24, WIDTH - 24, self.y))
        self.y += 6
        name = f"{observed.revision.identifier}  {observed.revision.subject}"
        self.line(cut(one_line(name), 110), "head")
        self.line(cut(verdict_words(rehearsed), 165), "quiet")
        if observed.trial is not None:
            self.line(cut(summary(observed.trial), 165), "quiet")
        for passage in observed.passages():
            if passage.statements:
                self.panel(rehearsed, panel(rehearsed, passage))

    def panel(self, rehearsed: Rehearsed, drawn: Panel) -> None:
        """One passage: transactions, statements, lanes and an axis."""
        passage = drawn.passage
        verdict = getattr(rehearsed.verdict, passage.direction)
        self.y += 10
        self.line(f"{PASSAGES[passage.direction].capitalize()}: {verdict}", "name")
        self.text(_RIGHT, self.y, shape(passage, briefly=True), "quiet", "end")
        scale = Scale(drawn.moments(), _LEFT, _RIGHT, drawn.origin)
        self.y += 8
        height = 16 + _ROW * len(drawn.rows) + 6
        height += sum(_height(lane) for lane in drawn.lanes) + (4 if drawn.lanes else 0)
        height += 16 if drawn.hidden else 0
        ticks = scale.ticks(52)
        for tick in ticks:
            self.parts.append(upright(scale.after(tick), self.y + 14, self.y + height, "grid"))
        for transaction in _apart(drawn.transactions, scale):
            self._transaction(transaction, scale, height)
        self.y += 16
        for row in drawn.rows:
            self._row(row, scale)
        self.y += 6
        if drawn.lanes:
            self.parts.append(rule(24, _RIGHT, self.y - 2))
            self.y += 4
        for lane in drawn.lanes:
            self._lane(lane, scale)
        if drawn.hidden:
            self.y += 14
            self.text(_LEFT - 10, self.y, f"{amount(drawn.hidden, 'more table')}", "quiet", "end")
            self.y += 2
        self._axis(scale, ticks)

    def legend(self) -> None:
        """What the colours mean."""
        self.y += 34
        x = 24.0
        for style, words in _LEGEND:
            height = 5 if style == "run" else 11
            self.parts.append(bar(x, self.y - 10 + (11 - height) / 2, 20, height, style))
            self.text(x + 26, self.y, words, "quiet")
            x += 44 + len(words) * _SANS
        self.parts.append(bar(x, self.y - 10, 20, 11, "band"))
        self.parts.append(f'<path class="frame" d="M{x:.1f} {self.y - 6:.1f}v-4h20v4"/>')
        self.text(x + 26, self.y, "a transaction", "quiet")
        self.y += 18

    def text(self, x: float, y: float, words: str, style: str = "", anchor: str = "") -> None:
        """Text at a place."""
        styled = f' class="{style}"' if style else ""
        placed = f' text-anchor="{anchor}"' if anchor else ""
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}"{styled}{placed}>{safe(words)}</text>')

    def svg(self, rehearsal: Rehearsal) -> str:
        """The whole document."""
        height = self.y + 8
        title = f"Rehearsal: {closing(rehearsal)[0]}"
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" '
            f'width="{WIDTH}" height="{height:.0f}" role="img" '
            'aria-labelledby="rehearsal-title rehearsal-description">'
        )
        lines = (
            head,
            f'<title id="rehearsal-title">{safe(title)}</title>',
            f'<desc id="rehearsal-description">{safe(_described(rehearsal))}</desc>',
            f"<style>{STYLE}</style>",
            f'<rect class="page" width="{WIDTH}" height="{height:.0f}" rx="6"/>',
            *self.parts,
            "</svg>",
        )
        return "\n".join(lines) + "\n"

    def _transaction(self, transaction: Transaction, scale: Scale, height: float) -> None:
        left, right = scale.at(transaction.began), scale.at(transaction.ended)
        width = max(2.0, right - left)
        end = "commit" if transaction.is_committed else "rollback"
        lasted = duration(transaction.ended - transaction.began)
        told = f"transaction: {end} after {lasted}"
        band = bar(left, self.y + 12, width, height - 12, "band", told)
        self.parts.append(band)
        bracket = f'd="M{left:.1f} {self.y + 16:.1f}v-4h{width:.1f}v4"'
        self.parts.append(f'<path class="frame" {bracket}/>')
        words = told if width > len(told) * _SANS else end
        if width > len(words) * _SANS:
            self.text(left + width / 2, self.y + 8, words, "quiet", "middle")

    def _row(self, row: Row, scale: Scale) -> None:
        """The statements of a line: bars, and the SQL where there is room for it."""
        middle = self.y + _ROW / 2
        self.text(_LEFT - 10, middle + 4, row.label, "quiet", "end")
        if row.findings:
            worst = worst_first(row.findings)
            told = "\n".join(one_line(finding.sentence) for finding in worst)
            mark = "quiet" if all(f.allowed for f in worst) else worst[0].severity
            dot = f'<circle class="{mark}" cx="{_LEFT - 76:.1f}" cy="{middle:.1f}" r="4">'
            self.parts.append(f"{dot}<title>{safe(told)}</title></circle>")
        placed = joined(((scale.at(b), max(scale.at(e), scale.at(b) + 2)) for b, e in row.spans), 1)
        took = duration(sum(ended - began for began, ended in row.spans))
        style = "error" if row.error else ("nobody" if row.is_aside else "run")
        told = f"{cut(row.sql, 2000)}\n{took}" + (f"\n{row.error}" if row.error else "")
        for left, right in placed:
            self.parts.append(bar(left, middle - _BAR / 2, right - left, _BAR, style, told))
        if not row.is_aside:
            self._label(placed, middle + 4, f"{row.sql}  {took}", ("sql in", "sql"), _MONO)
        self.y += _ROW

    def _label(
        self,
        placed: Sequence[Span],
        y: float,
        words: str,
        styles: tuple[str, str],
        width: float,
    ) -> None:
        """Words in the widest bar, or on the side of the bars that has more room for them."""
        left, right = max(placed, key=lambda bar: bar[1] - bar[0])
        inside = right - left - 12
        first, last = placed[0][0], placed[-1][1]
        after, before = _RIGHT - last - 8, first - _LEFT - 8
        needed = len(words) * width
        if inside >= needed or inside > max(after, before):
            self.text(left + 6, y, cut(words, int(inside / width)), styles[0])
        elif after >= min(before, needed):
            self.text(last + 7, y, cut(words, int(after / width)), styles[1])
        else:
            self.text(first - 7, y, cut(words, int(before / width)), styles[1], "end")

    def _lane(self, lane: Lane, scale: Scale) -> None:
        name = cut(lane.relation, int((_LEFT - 40) / _SANS))
        self.text(_LEFT - 10, self.y + _ROW / 2 + 4, name, "name", "end")
        for held in lane.held:
            self._held(lane, held, scale)
            self.y += _ROW
        for still in lane.stalls:
            self._stall(still)
            self.y += _ROW
        self.y += 4

    def _stall(self, still: Standstill) -> None:
        """What stands still at the size of production: no bar, for the axis is of empty tables."""
        middle = self.y + _ROW / 2
        words = f"{still.words}, {origin(still.took)}"
        words += f"; probe: {still.probed}" if still.probed else ""
        self.parts.append(bar(_LEFT, middle - 4, 8, 8, still.first.traffic, words))
        room = int((_RIGHT - _LEFT - 15) / _SANS)
        self.text(_LEFT + 15, middle + 4, cut(words, room), "quiet")

    def _held(self, lane: Lane, held: Held, scale: Scale) -> None:
        lasted = duration(sum(ended - began for began, ended in held.spans))
        words = f"{held.mode}  {lasted}"
        told = f"{held.mode} on {lane.relation} for {lasted}"
        placed = joined(((scale.at(b), max(scale.at(e), scale.at(b) + 3)) for b, e in held.spans))
        top = self.y + (_ROW - _BAR) / 2
        for left, right in placed:
            self.parts.append(bar(left, top, right - left, _BAR, held.blocked, told))
        self._label(placed, top + 11, words, ("on", "quiet"), _SANS)

    def _axis(self, scale: Scale, ticks: list[float]) -> None:
        self.parts.append(rule(_LEFT, _RIGHT, self.y, "frame"))
        stretched = scale.stretched()
        for left, right in stretched:
            self.parts.append(bar(left, self.y - 1, right - left, 2, "page"))
            self.parts.append(rule(left, right, self.y, "loose"))
        for tick in ticks:
            x = scale.after(tick)
            self.parts.append(upright(x, self.y, self.y + 4, "frame"))
            self.text(x, self.y + 16, duration(tick) if tick else "0", "quiet", "middle")
        self.parts.append(upright(scale.right, self.y, self.y + 4, "frame"))
        self.text(scale.right, self.y + 16, duration(scale.end), "quiet", "end")
        self.y += 18
        if stretched:
            words = "dotted: drawn wider than it lasted, so that order and overlap can be seen"
            self.y += 13
            self.text(_RIGHT, self.y, words, "quiet", "end")
            self.y += 2


def _height(lane: Lane) -> float:
    return _ROW * (len(lane.held) + len(lane.stalls)) + 4


def _apart(transactions: Iterable[Transaction], scale: Scale) -> list[Transaction]:
    """Those that can be told apart: of hundreds in a few pixels, the first of each."""
    kept: list[Transaction] = []
    for transaction in transactions:
        if not kept or scale.at(transaction.ended) - scale.at(kept[-1].ended) >= 2:
            kept.append(transaction)
    return kept


def _described(rehearsal: Rehearsal) -> str:
    """The picture in words, for those who cannot see it."""
    told = []
    for rehearsed in rehearsal.revisions[:MOST_REVISIONS]:
        revision = rehearsed.observed.revision
        upgrade = shape(rehearsed.observed.upgrade)
        told.append(f"{revision.identifier} {revision.subject}: {upgrade}.")
    return one_line(" ".join(told))
