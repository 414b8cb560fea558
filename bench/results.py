"""What a run of the bench found, and how it reads: a line, a table, JSON. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from statistics import median
from typing import Any, Literal

Unit = Literal["seconds", "bytes"]


@dataclass(frozen=True)
class Row:
    """One comparison. ``ours`` and ``theirs`` are every figure that was measured, in its order.

    ``to_reach`` is the ratio that it is to stay below, None where the figure is only told.
    """

    what: str
    against: str
    measured: str
    unit: Unit
    ours: tuple[float, ...]
    theirs: tuple[float, ...]
    to_reach: float | None = None

    @property
    def ratio(self) -> float:
        """The median of ours as a multiple of the peer's."""
        return median(self.ours) / median(self.theirs)

    @property
    def is_reached(self) -> bool:
        """Whether the ratio is what it is to be, or nothing was to be reached."""
        return self.to_reach is None or self.ratio <= self.to_reach


@dataclass(frozen=True)
class Report:
    """All rows of a run, and what it ran on: ``machine`` has a value for each word.

    ``is_quick`` tells that the histories were short, and nothing was to be reached.
    """

    date: str
    machine: dict[str, str]
    is_quick: bool
    rows: tuple[Row, ...]


def line(row: Row) -> str:
    """A row in a terminal."""
    verdict = "reached" if row.is_reached else "MISSED"
    reach = "" if row.to_reach is None else f"(to reach: {row.to_reach:g}, {verdict})"
    return (
        f"{row.what:<52} {amount(row.ours, row.unit):>8}  {figure(row.ratio):>6} x "
        f"{reach:<26} {row.against} ({amount(row.theirs, row.unit)})"
    )


def table(report: Report) -> str:
    """The rows in Markdown."""
    lines = [
        "| What | Against | Ours | Theirs | Runs | Ratio | To reach |",
        "|---|---|--:|--:|--:|--:|--:|",
    ]
    for row in report.rows:
        reach = "" if row.to_reach is None else f"≤ {row.to_reach:g}"
        if not row.is_reached:
            reach += ", missed"
        cells = (row.what, row.against, *(amount(s, row.unit) for s in (row.ours, row.theirs)))
        runs = f"{len(row.ours)} : {len(row.theirs)}"
        lines.append(f"| {' | '.join(cells)} | {runs} | {figure(row.ratio)} | {reach} |")
    return "\n".join(lines) + "\n"


def figure(ratio: float) -> str:
    """A ratio with as many digits as mean something."""
    return f"{ratio:.3f}" if ratio < 0.1 else f"{ratio:.2f}"


def amount(figures: tuple[float, ...], unit: Unit) -> str:
    """The median, in the unit that reads best."""
    middle = median(figures)
    if unit == "bytes":
        return f"{middle / 2**20:.1f} MB"
    return f"{middle:.2f} s" if middle >= 1 else f"{middle * 1000:.3g} ms"


def written(report: Report) -> str:
    """The report as JSON, with the ratios for whoever reads it by eye."""
    document = asdict(report)
    for row, told in zip(report.rows, document["rows"], strict=True):
        told |= {"ratio": round(row.ratio, 4), "is_reached": row.is_reached}
    return json.dumps(document, indent=2) + "\n"


def read(text: str) -> Report:
    """The report that `written` wrote."""
    document: dict[str, Any] = json.loads(text)
    rows = tuple(_row(told) for told in document.pop("rows"))
    return Report(rows=rows, **document)


def _row(told: dict[str, Any]) -> Row:
    known: dict[str, Any] = {field.name: told[field.name] for field in fields(Row)}
    for name in ("ours", "theirs"):
        known[name] = tuple(known[name])
    return Row(**known)
