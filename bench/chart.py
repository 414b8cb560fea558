"""A report as a picture: for each row a bar from the peer, at 1, to our ratio. Pure.

The scale is logarithmic, so that a third and three times stand equally far from the peer. An SVG
that needs nothing from elsewhere, for light and for dark pages.
"""

from __future__ import annotations

from math import log

from bench.results import Report, Row, amount, figure
from pgrevise.report.timeline_shapes import bar, safe, upright

WIDTH = 1000.0
_LEFT, _RIGHT = 330.0, 836.0
_HEAD, _ROW, _BAR, _FOOT = 92.0, 42.0, 16.0, 62.0
_STEPS = (1, 2, 5)
TITLE = "How much time and memory each thing takes, as a multiple of the peer"

STYLE = """
text { font: 13px ui-sans-serif, system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: #1f2328 }
.head { font-size: 16px; font-weight: 600 }
.figure { font-weight: 600 }
.quiet { fill: #59636e; font-size: 11px }
.page { fill: #fff }
.band { fill: #f3f5f8 }
.grid { stroke: #d1d9e0; fill: none }
.peer { stroke: #59636e; stroke-width: 1.5; fill: none }
.reached { fill: #1a7f37 } .missed { fill: #cf222e } .told { fill: #8c959f }
.mark { stroke: #1f2328; stroke-width: 2.5; fill: none }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .quiet { fill: #9198a1 } .page { fill: #0d1117 } .band { fill: #161b22 }
.grid { stroke: #2f3742 } .peer { stroke: #9198a1 } .mark { stroke: #e6edf3 }
.reached { fill: #2ea043 } .missed { fill: #f85149 } .told { fill: #656c76 }
}
"""


class Scale:
    """From ratios to pixels."""

    def __init__(self, rows: tuple[Row, ...]) -> None:
        shown = [row.ratio for row in rows] + [row.to_reach for row in rows if row.to_reach]
        self.low, self.high = 0.8 * min(shown, default=1.0), 1.25 * max([*shown, 1.6])

    def at(self, ratio: float) -> float:
        """Where a ratio stands."""
        part = log(ratio / self.low) / log(self.high / self.low)
        return _LEFT + part * (_RIGHT - _LEFT)

    def ticks(self) -> list[float]:
        """The round ratios that are on the scale."""
        round_ones = [step * 10.0**power for power in range(-6, 4) for step in _STEPS]
        return [ratio for ratio in round_ones if self.low <= ratio <= self.high]


def drawn(report: Report) -> str:
    """The whole picture."""
    scale = Scale(report.rows)
    bottom = _HEAD + _ROW * len(report.rows)
    parts = [
        f"<style>{STYLE}</style>",
        bar(0, 0, WIDTH, bottom + _FOOT, "page"),
        *_head(report),
    ]
    stripes = range(0, len(report.rows), 2)
    parts += [bar(0, _HEAD + number * _ROW, WIDTH, _ROW, "band") for number in stripes]
    parts += _axis(scale, bottom)
    for number, row in enumerate(report.rows):
        parts += _row(row, scale, _HEAD + number * _ROW)
    parts += _legend(bottom + 48)
    size = f'viewBox="0 0 {WIDTH:.0f} {bottom + _FOOT:.0f}" width="{WIDTH:.0f}"'
    title = f"<title>{safe(TITLE)}</title>"
    body = "\n".join([title, *parts])
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">\n{body}\n</svg>\n'


def _head(report: Report) -> list[str]:
    machine = report.machine
    told = [f"{report.date}", f"{machine['processors']} processors", f"Python {machine['Python']}"]
    told.append(f"PostgreSQL {machine['PostgreSQL']}")
    if report.is_quick:
        told.append("short histories, only to see that everything runs")
    return [
        _text(24, 34, TITLE, "head"),
        _text(24, 54, " · ".join(told), "quiet"),
    ]


def _axis(scale: Scale, bottom: float) -> list[str]:
    parts = []
    for ratio in scale.ticks():
        at = scale.at(ratio)
        parts.append(upright(at, _HEAD - 6, bottom, "peer" if ratio == 1 else "grid"))
        shown = "the peer" if ratio == 1 else f"{ratio:g}"
        parts += [_text(at, y, shown, "quiet", "middle") for y in (_HEAD - 11, bottom + 16)]
    return parts


def _row(row: Row, scale: Scale, top: float) -> list[str]:
    """A label of two lines, the bar, the mark of what was to be reached, and the figures."""
    ours, peer = scale.at(row.ratio), scale.at(1)
    style = "told" if row.to_reach is None else "reached" if row.is_reached else "missed"
    y = top + (_ROW - _BAR) / 2
    spoken = f"{_plain(row.what)}: {figure(row.ratio)} of {_plain(row.against)}"
    parts = [
        _text(24, top + 18, _plain(row.what)),
        _text(24, top + 33, f"beside {_plain(row.against)}", "quiet"),
        bar(min(ours, peer), y, max(abs(ours - peer), 2), _BAR, style, spoken),
        _text(WIDTH - 24, top + 18, _ratio(row), "figure", "end"),
        _text(WIDTH - 24, top + 33, _amounts(row), "quiet", "end"),
    ]
    if row.to_reach is not None:
        at = scale.at(row.to_reach)
        parts.append(upright(at, y - 5, y + _BAR + 5, "mark"))
    return parts


def _ratio(row: Row) -> str:
    missed = "" if row.is_reached else "missed: "
    return f"{missed}{figure(row.ratio)} x"


def _amounts(row: Row) -> str:
    return f"{amount(row.ours, row.unit)} : {amount(row.theirs, row.unit)}"


def _legend(y: float) -> list[str]:
    parts, x = [], 24.0
    for style, words in (
        ("reached", "reached"),
        ("missed", "missed"),
        ("told", "nothing was to be reached"),
    ):
        parts += [bar(x, y - 9, 18, 10, style), _text(x + 24, y, words, "quiet")]
        x += 46 + 6.2 * len(words)
    parts += [upright(x + 4, y - 11, y + 3, "mark"), _text(x + 14, y, "to be reached", "quiet")]
    parts.append(
        _text(WIDTH - 24, y, "logarithmic; the further to the left, the less", "quiet", "end")
    )
    return parts


def _plain(text: str) -> str:
    return text.replace("`", "")


def _text(x: float, y: float, text: str, style: str = "", anchor: str = "start") -> str:
    of = f' class="{style}"' if style else ""
    return f'<text{of} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{safe(text)}</text>'
