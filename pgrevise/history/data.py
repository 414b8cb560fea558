"""Which revisions write data, as far as their text tells.

Pure: the source of a revision file in, the lines that write rows out. What a revision does that its
text does not tell (a function that is called, a file that is read) only a run can show; squashing
looks at both.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

_LONGEST = 60

_QUOTED = re.compile(
    r"""(?P<tag>\$\w*\$).*?(?P=tag)|'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/""", re.DOTALL
)
_WRITES = re.compile(
    r"""\s*(?:INSERT\s+INTO\b|UPDATE\s+(?:ONLY\s+)?\S+(?:\s+(?:AS\s+)?\w+)?\s+SET\b|DELETE\s+FROM\b
    |MERGE\s+INTO\b|TRUNCATE\s+\S|COPY\s+\S.*\bFROM\b|DO\b[^;]*''|CALL\s+[\w."]+\s*\(
    |WITH\b.*\b(?:INSERT\s+INTO|DELETE\s+FROM|UPDATE\s.*\sSET|MERGE\s+INTO)\b
    |SELECT\b.*\b(?:setval|nextval|lo_\w+)\s*\()""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
_OF_A_TABLE = ("insert", "update", "delete")
_MODULES = ("sa", "sqlalchemy", "postgresql", "pg")
_ALWAYS = ("bulk_insert", "bulk_insert_mappings", "bulk_update_mappings", "add_all")


@dataclass(frozen=True)
class DataStatement:
    """A line of a revision file that writes rows when its upgrade runs, and its first words."""

    line: int
    words: str


def data_statements(source: str) -> tuple[DataStatement, ...]:
    """What in a revision's source writes rows; its downgrade and its docstrings do not count.

    Strings are read as SQL wherever they stand; a statement inside the body of a function or a
    trigger writes nothing by itself. Calls are those of Alembic and SQLAlchemy.
    """
    found: dict[int, DataStatement] = {}
    for node in _nodes(ast.parse(source)):
        words = _sql_words(node) or _call_words(node)
        if words:
            found.setdefault(node.lineno, DataStatement(node.lineno, words))
    return tuple(found[line] for line in sorted(found))


def writes_rows(sql: str) -> bool:
    """Whether one of these SQL statements writes rows itself."""
    bare = _QUOTED.sub(lambda m: " " if m[0].startswith(("--", "/*")) else " '' ", sql)
    return any(_WRITES.match(statement) for statement in bare.split(";"))


def _nodes(tree: ast.Module) -> Iterator[ast.expr]:
    """Every expression, in no order, but for the downgrade and strings that stand alone."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef) and node.name == "downgrade":
            continue
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if isinstance(node, ast.expr):
            yield node
        # The pieces of an f-string are read as one.
        if not isinstance(node, ast.JoinedStr):
            waiting.extend(ast.iter_child_nodes(node))


def _sql_words(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        text = node.value
    elif isinstance(node, ast.JoinedStr):
        text = "".join(str(v.value) if isinstance(v, ast.Constant) else "x" for v in node.values)
    else:
        return None
    return _shortened(text) if writes_rows(text) else None


def _call_words(node: ast.expr) -> str | None:
    """``op.bulk_insert(…)``, ``table.insert()``, ``sa.insert(table)`` and their like."""
    if not isinstance(node, ast.Call):
        return None
    function, given = node.func, len(node.args)
    if isinstance(function, ast.Attribute):
        of_a_module = isinstance(function.value, ast.Name) and function.value.id in _MODULES
        is_construct = function.attr in _OF_A_TABLE and given == (1 if of_a_module else 0)
        writes = function.attr in _ALWAYS or is_construct
    else:
        writes = isinstance(function, ast.Name) and function.id in _OF_A_TABLE and given == 1
    return _shortened(ast.unparse(node)) if writes else None


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
