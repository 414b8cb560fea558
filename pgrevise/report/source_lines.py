"""The lines of a revision file, as a report quotes them: one for each Python statement.

Reads Python text with `ast` and `tokenize`; runs nothing.
"""

from __future__ import annotations

import ast
import io
import tokenize
from functools import cached_property

_COMPOUND = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.If,
    ast.With,
    ast.AsyncWith,
    ast.Try,
    ast.TryStar,
    ast.Match,
)


class SourceLines:
    """The text of a file; a file that is not Python (any more) is quoted line by line."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()
        self._text = text

    def at(self, line: int) -> str:
        """The statement at a line, on one line and without its comments.

        The header alone of a compound one such as ``with``; "" where the file has no such line.
        """
        if not 1 <= line <= len(self._lines):
            return ""
        first, last = self._extent.get(line, (line, line))
        joined = ""
        for number in range(first, last + 1):
            piece = self._lines[number - 1][: self._comments.get(number)].strip()
            joined = _joined(joined, piece)
        return joined

    @cached_property
    def _extent(self) -> dict[int, tuple[int, int]]:
        """The first and last line of the simple statement on each line."""
        try:
            tree = ast.parse(self._text)
        except (SyntaxError, ValueError, RecursionError):
            return {}
        found: dict[int, tuple[int, int]] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.stmt) and not isinstance(node, _COMPOUND):
                last = node.end_lineno or node.lineno
                found.update(dict.fromkeys(range(node.lineno, last + 1), (node.lineno, last)))
        return found

    @cached_property
    def _comments(self) -> dict[int, int]:
        """The column at which each line's comment begins."""
        found: dict[int, int] = {}
        try:
            for token in tokenize.generate_tokens(io.StringIO(self._text).readline):
                if token.type == tokenize.COMMENT and token.line.strip() != token.string:
                    found[token.start[0]] = token.start[1]
                elif token.type == tokenize.COMMENT:
                    found[token.start[0]] = 0
        except (tokenize.TokenError, SyntaxError):
            return found
        return found


def _joined(text: str, piece: str) -> str:
    # A line that goes on, inside a string as well.
    text = text.removesuffix("\\").rstrip()
    if not text or not piece:
        return text or piece
    if piece[0] in ")]}":
        return text.removesuffix(",") + piece
    return text + piece if text[-1] in "([{" else f"{text} {piece}"
