"""Texts that match a regular expression, by number. Pure, and a proposal: the server is asked.

Read is the part of POSIX and Perl syntax that checks use: literals, classes, groups, the first
branches of alternatives, counts, anchors. Of anything else nothing is made.
"""

from __future__ import annotations

import string

from pgrevise.rehearsal.rows.values import BIGGEST, Formula, positions

_PRINTABLE = "".join(chr(code) for code in range(32, 127))
_WORD = string.ascii_lowercase + string.digits + string.ascii_uppercase + "_"
_NAMED = {
    "alpha": string.ascii_lowercase + string.ascii_uppercase,
    "digit": string.digits,
    "alnum": string.ascii_lowercase + string.digits + string.ascii_uppercase,
    "lower": string.ascii_lowercase,
    "upper": string.ascii_uppercase,
    "space": " ",
    "punct": string.punctuation,
    "xdigit": string.digits + "abcdef",
    "word": _WORD,
}
_ESCAPES = {"d": string.digits, "w": _WORD, "s": " ", "S": _WORD, "D": string.ascii_lowercase}
_MOST = 200
_Positions = list[str]


class _UnreadError(Exception):
    """The expression uses syntax that is not read here."""


def formulas_for(pattern: str) -> list[Formula]:
    """Formulas whose values should match the whole pattern, the shortest texts first."""
    found = []
    for alphabets in readings(pattern):
        capacity = 1
        for alphabet in alphabets:
            capacity = min(capacity * len(alphabet), BIGGEST)
        found.append(Formula(positions(alphabets), capacity))
    return found


def readings(pattern: str) -> list[list[str]]:
    """Texts of several lengths that match: for each position the characters to choose from.

    Nothing if the pattern is not understood.
    """
    found: list[list[str]] = []
    for extra in (0, 1, 8):
        try:
            alphabets = _Parser(pattern, extra).whole()
        except (_UnreadError, IndexError, ValueError):
            return []
        if len(alphabets) <= _MOST and all(alphabets) and alphabets not in found:
            found.append(alphabets)
    return found


class _Parser:
    """Turns a pattern into one alphabet for each position; ``extra`` lengthens open counts."""

    def __init__(self, pattern: str, extra: int) -> None:
        self._text = pattern.removeprefix("(?i)")
        self._extra = extra
        self._at = 0

    def whole(self) -> _Positions:
        found = self._branches()
        if self._at < len(self._text):
            raise _UnreadError
        return found

    def _peek(self) -> str:
        return self._text[self._at] if self._at < len(self._text) else ""

    def _take(self) -> str:
        self._at += 1
        return self._text[self._at - 1]

    def _branches(self) -> _Positions:
        """The first branch; where all are one position long, any of them."""
        branches = [self._sequence()]
        while self._peek() == "|":
            self._take()
            branches.append(self._sequence())
        if all(len(branch) == 1 for branch in branches):
            return ["".join(dict.fromkeys("".join(branch[0] for branch in branches)))]
        return branches[0]

    def _sequence(self) -> _Positions:
        found: _Positions = []
        while self._peek() and self._peek() not in "|)":
            if self._peek() in "^$":
                self._take()
                continue
            found += self._counted(self._atom())
        return found

    def _counted(self, atom: _Positions) -> _Positions:
        low, high = 1, 1
        while self._peek() and self._peek() in "*+?{":
            mark = self._take()
            if mark == "{":
                low, high = self._counts()
            else:
                low, high = {"*": (0, _MOST), "+": (1, _MOST), "?": (0, 1)}[mark]
            if self._peek() == "?":
                self._take()
        return atom * min(high, low + self._extra)

    def _counts(self) -> tuple[int, int]:
        end = self._text.index("}", self._at) if "}" in self._text[self._at :] else -1
        low, comma, high = self._text[self._at : end].partition(",")
        if end < 0 or not low.isdigit():
            raise _UnreadError
        self._at = end + 1
        return int(low), int(high) if high.isdigit() else _MOST if comma else int(low)

    def _atom(self) -> _Positions:
        mark = self._take()
        if mark == "(":
            return self._group()
        if mark == "[":
            return [self._klass()]
        if mark == ".":
            return [string.ascii_lowercase]
        if mark == "\\":
            letter = self._take()
            if letter in "AZmMyY":
                return []
            if letter.isalnum() and letter not in _ESCAPES:
                raise _UnreadError
            return [_ESCAPES.get(letter, letter)]
        return [mark]

    def _group(self) -> _Positions:
        if self._peek() == "?":
            self._take()
            if self._take() != ":":
                raise _UnreadError
        found = self._branches()
        if self._take() != ")":
            raise _UnreadError
        return found

    def _klass(self) -> str:
        """The characters of a bracket expression, letters and digits first."""
        negated = self._peek() == "^"
        if negated:
            self._take()
        members = ""
        first = True
        while first or self._peek() != "]":
            first = False
            members += self._member()
        self._take()
        if negated:
            members = "".join(c for c in _WORD + _PRINTABLE if c not in members)
        return "".join(dict.fromkeys(members))

    def _member(self) -> str:
        if self._text.startswith("[:", self._at):
            end = self._text.index(":]", self._at)
            name = self._text[self._at + 2 : end]
            self._at = end + 2
            if name not in _NAMED:
                raise _UnreadError
            return _NAMED[name]
        start = self._take()
        if start == "\\":
            letter = self._take()
            return _ESCAPES.get(letter, letter)
        if self._peek() == "-" and self._text[self._at + 1 : self._at + 2] != "]":
            self._take()
            return "".join(map(chr, range(ord(start), ord(self._take()) + 1)))
        return start
