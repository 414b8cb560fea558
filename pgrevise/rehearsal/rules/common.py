"""What the rules of several subjects ask of an observed revision. No rule is here. Pure."""

from __future__ import annotations

import ast
import re
from collections import deque
from collections.abc import Iterable, Iterator
from functools import lru_cache

from pgrevise.catalog import Change, Entry
from pgrevise.catalog.naming import parts
from pgrevise.rehearsal.facts import Observed, Passage, Statement

_CHANGES_ROWS = re.compile(
    r"\s*(?:(?:WITH|DO)\b.*\b)?(?:UPDATE|DELETE\s+FROM|MERGE\s+INTO|TRUNCATE)\b",
    re.IGNORECASE | re.DOTALL,
)
_WORD = re.compile(r"[\w$]+")
#: The passages looked at last, with their statements by word.
_INDEXED: deque[tuple[Passage, dict[str, list[Statement]]]] = deque(maxlen=2)
_LITERAL = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/", re.DOTALL)


def own(passage: Passage) -> Iterator[Statement]:
    """The statements that the revision itself issued."""
    return (statement for statement in passage.statements if not statement.is_foreign)


def bare(name: str) -> str:
    """The last part of a name, without quotes."""
    return parts(name)[-1] if name else ""


def table_name(column: str) -> str:
    """The table's name in the name of a column or constraint, as the catalog writes both."""
    inside = False
    for position in range(len(column) - 1, -1, -1):
        inside ^= column[position] == '"'
        if column[position] == "." and not inside:
            return column[:position]
    return ""


def mentions(sql: str, *names: str) -> bool:
    """Whether a statement's text has all of these bare names in it as words, quoted or not."""
    return all(
        re.search(rf"(?<![\w$]){re.escape(name)}(?![\w$])", sql, re.IGNORECASE) for name in names
    )


def without_literals(sql: str) -> str:
    """The statement's text without comments, its literals emptied."""
    return _LITERAL.sub(lambda m: "''" if m[0].startswith("'") else " ", sql)


def statement_for(passage: Passage, pattern: str, *names: str) -> Statement | None:
    """The first of the revision's statements that matches and mentions all of these names."""
    wanted = re.compile(pattern, re.IGNORECASE | re.DOTALL)
    bared = [bare(name) for name in names]
    for statement in _candidates(passage, bared):
        if mentions(statement.sql, *bared) and wanted.search(statement.sql):
            return statement
    return None


def _candidates(passage: Passage, names: list[str]) -> Iterable[Statement]:
    """The statements that may mention these names: those with the rarest of their words."""
    words = [word for name in names for word in _WORD.findall(name.lower())]
    if not words:
        return own(passage)
    index = _by_word(passage)
    return min((index.get(word, []) for word in words), key=len)


def _by_word(passage: Passage) -> dict[str, list[Statement]]:
    """The revision's statements by the words in them; made once for a passage.

    A revision can have ten thousand statements, and as many findings that look for theirs.
    """
    for known, index in _INDEXED:
        if known is passage:
            return index
    made: dict[str, list[Statement]] = {}
    for statement in own(passage):
        for word in set(_WORD.findall(statement.sql.lower())):
            made.setdefault(word, []).append(statement)
    _INDEXED.append((passage, made))
    return made


def line_for(seen: Observed, pattern: str, *names: str) -> int:
    """The line of the statement of upgrade() that did it; of upgrade() itself if none is found."""
    found = statement_for(seen.upgrade, pattern, *names) or statement_for(
        seen.upgrade, "", *names[-1:]
    )
    return found.line if found else function_line(seen.revision.source, "upgrade")


def fills_before(passage: Passage, later: Statement | None, table: str, *columns: str) -> bool:
    """Whether the revision itself changes rows of the table before a statement, naming these."""
    for statement in own(passage):
        if later is not None and statement.number >= later.number:
            return False
        is_change = _CHANGES_ROWS.match(without_literals(statement.sql))
        if is_change and mentions(statement.sql, *map(bare, (table, *columns))):
            return True
    return False


def function_line(source: str, name: str) -> int:
    """The line that a function of the file begins at; 0 when there is none."""
    for node in module(source).body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return node.lineno
    return 0


@lru_cache(maxsize=16)
def module(source: str) -> ast.Module:
    """The file as a tree; an empty one when it cannot be read."""
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError):
        return ast.Module(body=[], type_ignores=[])


def was_table(seen: Observed, table: str) -> bool:
    """Whether a table was there before: what is new has no rows and no released code."""
    return seen.before.get("table", table) is not None


def is_of_table(seen: Observed, column: str) -> bool:
    """Whether a column of before or after belongs to a table, not to a view."""
    for catalog in (seen.before, seen.after):
        entry = catalog.get("column", column) if catalog else None
        if entry is not None and entry.parent is not None:
            return entry.parent[0] == "table" and not entry.facts.get("inherited only")
    return False


def added(seen: Observed, kind: str) -> Iterator[Entry]:
    """What of a kind is in the catalog after and was not before, parts of new tables too."""
    for entry in seen.touched:
        if entry.kind == kind and entry.address not in seen.before:
            yield entry


def column_changes(seen: Observed, kind: str, fact: str | None = None) -> Iterator[Change]:
    """Changes of the columns of tables that were there before; with ``fact``, in that fact."""
    for change in seen.changes:
        if change.object_kind != "column" or change.kind != kind or change.fact != fact:
            continue
        if was_table(seen, table_name(change.name)) and is_of_table(seen, change.name):
            yield change


def documents(seen: Observed, name: str) -> bool:
    """Whether the revision's docstring mentions a name, as it is or with spaces in it."""
    text = seen.revision.docstring
    return mentions(text, bare(name)) or mentions(text, bare(name).replace("_", " "))
