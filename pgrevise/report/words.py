"""Numbers, lists and verdicts in words, shared by every way of showing a rehearsal.

Pure text. What is said of a statement is `annotated`'s, how a page looks is each format's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal

from pgrevise.rehearsal.facts import Direction, Finding, Rehearsed, Severity, Statement

#: From which severity on a finding fails a run.
FailOn = Severity | Literal["never"]

PASSAGES: dict[Direction, str] = {
    "upgrade": "upgrade",
    "downgrade": "downgrade",
    "second_upgrade": "second upgrade",
}
#: The verdicts that nobody has to look at.
GOOD = {
    "upgrade": ("works",),
    "downgrade": ("restores", "raises on purpose"),
    "second_upgrade": ("same", "not tried"),
    "with_rows": ("keeps every value", "works", "not tried"),
}
#: The verdicts that leave nothing to use.
BROKEN = ("fails", "hangs")
BROKEN_WITH_ROWS = (*BROKEN, "downgrade fails", "downgrade hangs")

_WORST_FIRST: tuple[Severity, ...] = ("error", "warning", "info")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_SPACE = re.compile(r"\s+")
_KINDS = ("table", "", "partitioned table")


def duration(seconds: float) -> str:
    """Seconds for people: "<0.1 ms", "1.2 ms", "35 ms", "0.35 s", "2 min 5 s"."""
    milliseconds = seconds * 1000
    if milliseconds < 0.05:
        return "<0.1 ms" if seconds > 0 else "0 ms"
    if milliseconds < 9.95:
        return f"{milliseconds:.1f} ms"
    if milliseconds < 99.5:
        return f"{milliseconds:.0f} ms"
    if seconds < 9.995:
        return f"{seconds:.2f} s"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def size(count: int) -> str:
    """Bytes for people, in PostgreSQL's units of 1024: "512 B", "1.5 MB"."""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            break
        value /= 1024
    return f"{value:.0f} {unit}" if value >= 10 or unit == "B" else f"{value:.1f} {unit}"


def amount(count: int, noun: str, plural: str = "") -> str:
    """A number with its noun: "1 row", "9,988 rows"."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def listing(words: Sequence[str]) -> str:
    """Words as a list: "reads, writes and DDL"."""
    *most, last = words or ("nothing",)
    return f"{', '.join(most)} and {last}" if most else last


def one_line(text: str) -> str:
    """``text`` on one line: no line breaks, nothing that a terminal would obey."""
    return _CONTROL.sub(_escaped, _SPACE.sub(" ", text)).strip()


def without_controls(text: str) -> str:
    """``text`` with its lines kept, and every other control character made visible."""
    return "\n".join(
        _CONTROL.sub(_escaped, line.expandtabs(4)) for line in text.splitlines()
    ).strip("\n")


def cut(text: str, length: int, ellipsis: str = "…") -> str:
    """``text`` with at most so many characters, the last an ellipsis if some are missing."""
    return text if len(text) <= length else text[: max(0, length - len(ellipsis))] + ellipsis


def named(kind: str, name: str) -> str:
    """A relation as a sentence calls it: a table by its name, anything else with its kind."""
    return name if kind in _KINDS else f"{kind} {name}"


def verdict_words(rehearsed: Rehearsed) -> str:
    """What became of a revision, in one sentence."""
    verdict = rehearsed.verdict
    if verdict.words:
        return one_line(verdict.words)
    parts = [f"upgrade {verdict.upgrade}"]
    if verdict.downgrade != "not tried":
        parts.append(f"downgrade {verdict.downgrade}")
    if verdict.second_upgrade != "not tried":
        second = {"same": "is the same"}.get(verdict.second_upgrade, verdict.second_upgrade)
        parts.append(f"second upgrade {second}")
    return ", ".join(parts)


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Findings by severity, otherwise in their order."""
    return sorted(findings, key=lambda finding: _WORST_FIRST.index(finding.severity))


def works(rehearsed: Rehearsed) -> bool:
    """Whether all three passages went as they should."""
    verdict = rehearsed.verdict
    return (
        verdict.upgrade in GOOD["upgrade"]
        and verdict.downgrade in GOOD["downgrade"]
        and verdict.second_upgrade in GOOD["second_upgrade"]
    )


def is_clean(rehearsed: Rehearsed) -> bool:
    """Whether all went as it should and nothing was found that counts."""
    is_allowed = all(finding.allowed for finding in rehearsed.findings)
    return works(rehearsed) and is_allowed and not fails_with_rows(rehearsed)


def fails_with_rows(rehearsed: Rehearsed) -> bool:
    """Whether rows stop it, and that is not allowed: the tables may be empty in production."""
    is_allowed = bool(rehearsed.findings) and all(f.allowed for f in rehearsed.findings)
    return rehearsed.verdict.with_rows in BROKEN_WITH_ROWS and not is_allowed


def where(statement: Statement) -> str:
    """What to call the place of a statement: "line 40", or what issued it."""
    if statement.line:
        return f"line {statement.line}"
    return statement.file or "outside the revision"


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
