"""The shapes of a timeline and their colours, as SVG: what is drawn is `timeline`'s to say."""

from __future__ import annotations

from xml.sax.saxutils import escape

from pgrevise.report.words import one_line

#: On light and on dark pages; a class is what a lock blocks, or a part of the picture.
STYLE = """
text { font: 12px ui-sans-serif, system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: #1f2328 }
.sql { font: 11px ui-monospace, 'SF Mono', 'DejaVu Sans Mono', Menlo, monospace }
.head { font-size: 15px; font-weight: 600 }
.name { font-weight: 600 }
.quiet { fill: #59636e; font-size: 11px }
.on { fill: #fff; font-size: 10px; font-weight: 600 }
.in { fill: #fff }
.page { fill: #fff }
.band { fill: #f3f5f8 }
.frame { stroke: #59636e; fill: none }
.grid { stroke: #d1d9e0; fill: none }
.loose { stroke: #59636e; fill: none; stroke-dasharray: 1.5 3 }
.run { fill: #59636e }
.reads { fill: #cf222e } .writes { fill: #c65102 } .DDL { fill: #0969da } .nobody { fill: #8c959f }
.error { fill: #cf222e } .warning { fill: #bf8700 } .info { fill: #0969da }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .quiet { fill: #9198a1 } .page { fill: #0d1117 } .band { fill: #1a212b }
.on { fill: #fff } .in { fill: #0d1117 }
.frame, .loose { stroke: #9198a1 } .grid { stroke: #2f3742 } .run { fill: #9198a1 }
.reads, .error { fill: #da3633 } .writes { fill: #c4600c } .DDL, .info { fill: #1f6feb }
.nobody { fill: #656c76 } .warning { fill: #d29922 }
}
"""


def bar(x: float, y: float, width: float, height: float, style: str, title: str = "") -> str:
    """A rectangle; ``title`` is what a reader gets told of it."""
    place = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
    rounded = ' rx="2"' if style not in ("band", "page") else ""
    if not title:
        return f'<rect class="{style}" {place}{rounded}/>'
    lines = "\n".join(one_line(line) for line in title.split("\n"))
    return f'<rect class="{style}" {place}{rounded}><title>{escape(lines)}</title></rect>'


def rule(left: float, right: float, y: float, style: str = "grid") -> str:
    """A level line."""
    return f'<path class="{style}" d="M{left:.1f} {y:.1f}H{right:.1f}"/>'


def upright(x: float, top: float, bottom: float, style: str) -> str:
    """An upright line."""
    return f'<path class="{style}" d="M{x:.1f} {top:.1f}V{bottom:.1f}"/>'


def safe(text: str) -> str:
    """Text as XML can hold it, its lines kept."""
    return escape("\n".join(one_line(line) for line in text.split("\n")))
