"""Lines of styled text, cut or wrapped to a width: what the terminal report is made of.

Knows nothing of what is on the page. Sixteen colours at most, and none unless asked for.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rich.cells import cell_len, set_cell_size

_CODES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
}


@dataclass(frozen=True)
class Glyphs:
    """The signs that are drawn; `ASCII` where the encoding has no others."""

    ellipsis: str = "…"
    first: str = "╭"
    side: str = "│"
    last: str = "╰─"
    good: str = "✓"
    error: str = "✗"
    warning: str = "▲"
    info: str = "●"
    allowed: str = "○"
    then: str = "→"
    dot: str = "·"


UNICODE = Glyphs()
ASCII = Glyphs("...", ",", "|", "`-", "+", "x", "!", "i", "o", "->", "-")

#: Text and its style: words such as "bold red", "" for none.
Segment = tuple[str, str]


@dataclass
class Page:
    """Lines as they are added, no wider than ``width``."""

    width: int
    colour: bool = False
    glyphs: Glyphs = UNICODE
    _lines: list[str] = field(default_factory=list)

    def blank(self) -> None:
        """An empty line, unless the one before is."""
        if self._lines and self._lines[-1]:
            self._lines.append("")

    def row(self, segments: Iterable[Segment], right: Sequence[Segment] = ()) -> None:
        """One line, cut where it is too long for what stands at its right end."""
        tail = sum(cell_len(text) for text, _ in right)
        room = self.width - tail - (2 if right else 0)
        kept, used = self._cut(segments, room)
        if right:
            kept += [(" " * (self.width - tail - used), ""), *right]
        self._lines.append("".join(self._styled(*segment) for segment in kept).rstrip())

    def wrapped(self, lead: Sequence[Segment], text: str, style: str = "") -> None:
        """Text over as many lines as it needs, under ``lead`` where it begins.

        Lines of the text that are indented are taken for code: they keep their indent and are cut.
        """
        indent = sum(cell_len(part) for part, _ in lead)
        room = max(20, self.width - indent)
        lines: list[str] = []
        for line in text.splitlines():
            is_code = line.startswith(" ")
            lines += [line] if is_code else textwrap.wrap(line, room, break_on_hyphens=False)
        for number, line in enumerate(lines or [""]):
            before = lead if number == 0 else self._under(lead)
            self.row([*before, (line, style)])

    def text(self) -> str:
        """The page, each line ended."""
        joined = "\n".join(self._lines).rstrip("\n") + "\n"
        if self.glyphs is not ASCII:
            return joined
        return joined.encode("ascii", "backslashreplace").decode("ascii")

    def _under(self, lead: Sequence[Segment]) -> list[Segment]:
        """What stands before the second line: the bracket goes on, the marks do not."""
        side = self.glyphs.side
        return [
            (text if text.strip() == side else " " * cell_len(text), style) for text, style in lead
        ]

    def _cut(self, segments: Iterable[Segment], room: int) -> tuple[list[Segment], int]:
        kept: list[Segment] = []
        used = 0
        ellipsis = self.glyphs.ellipsis
        for text, style in segments:
            length = cell_len(text)
            if used + length <= room:
                kept.append((text, style))
                used += length
                continue
            left = max(0, room - used - len(ellipsis))
            kept.append((set_cell_size(text, left) + ellipsis, style))
            return kept, used + left + len(ellipsis)
        return kept, used

    def _styled(self, text: str, style: str) -> str:
        if not self.colour or not style or not text:
            return text
        codes = ";".join(_CODES[word] for word in style.split())
        return f"\x1b[{codes}m{text}\x1b[0m"
