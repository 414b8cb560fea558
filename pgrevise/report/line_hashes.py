"""The fingerprint that GitHub gives a line of a file, so that an alert is known after lines move.

The same arithmetic as the upload action's (github/codeql-action, src/fingerprints.ts): a rolling
hash of the hundred characters from the line's beginning, blanks left out. Where a log brings
another value, the action warns of it; where it brings none, an upload without the action has none.
"""

from __future__ import annotations

from collections import Counter

_WINDOW = 100
_BASE = 37
_MASK = 2**64 - 1
_FIRST = pow(_BASE, _WINDOW, 2**64)
_END_OF_FILE = 65535


def line_hashes(text: str) -> dict[int, str]:
    """The fingerprint of each line, counted from 1."""
    hashes: dict[int, str] = {}
    counts: Counter[str] = Counter()
    window = [0] * _WINDOW
    lines = [0] * _WINDOW
    value = place = line = 0
    is_start = True
    units = _units(text)
    for current in [*units, _END_OF_FILE, *[-1] * _WINDOW]:
        if lines[place]:
            told = f"{value:x}"
            counts[told] += 1
            hashes[lines[place]] = f"{told}:{counts[told]}"
            lines[place] = 0
        if current >= 0 and is_start:
            line += 1
            lines[place] = line
        is_start = current == 10
        added = max(0, current)
        value = (_BASE * value + added - _FIRST * window[place]) & _MASK
        window[place] = added
        place = (place + 1) % _WINDOW
    return hashes


def _units(text: str) -> list[int]:
    """The text as UTF-16 code units without blanks, each line ended by a line feed."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").replace(" ", "").replace("\t", "")
    data = plain.encode("utf-16-le", "surrogatepass")
    return [low | high << 8 for low, high in zip(data[::2], data[1::2], strict=True)]
