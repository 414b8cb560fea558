"""Text that GitHub's Markdown shows as it is: escaped, in code, folded. Nothing of a rehearsal."""

from __future__ import annotations

import re

from pgrevise.report.words import one_line

_SPECIAL = re.compile(r"([\\`*_\[\]|~$])")
_CALLS = re.compile(r"([@#])(?=\w)")
_BACKTICKS = re.compile(r"`+")


def folded(title: str, text: str) -> str:
    """Text that is shown when its title is clicked."""
    return f"<details><summary>{html(title)}</summary>\n\n{text}\n\n</details>"


def plain(text: str) -> str:
    """Text that Markdown shows as it is, and that mentions nobody."""
    escaped = html(one_line(text), calls=False)
    return _CALLS.sub(r"\1<!-- -->", _SPECIAL.sub(r"\\\1", escaped))


def html(text: str, calls: bool = True) -> str:
    """Text as HTML can hold it; unless ``calls`` is False, it mentions nobody."""
    safe = one_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _CALLS.sub(r"\1<!-- -->", safe) if calls else safe


def code(text: str) -> str:
    """Text as code, with fences longer than any run of backticks in it, fit for a table."""
    safe = one_line(text).replace("|", "\\|")
    longest = max((len(run) for run in _BACKTICKS.findall(safe)), default=0)
    fence = "`" * (longest + 1)
    gap = " " if longest else ""
    return f"{fence}{gap}{safe}{gap}{fence}"


def fence(text: str, indent: str = "") -> str:
    """A block of code, with a fence longer than any in it."""
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join(f"{indent}{line}" for line in (f"{fence}text", *text.split("\n"), fence))
