"""Whether a project's ``env.py`` does nothing but call ours, so that what it does is known.

Pure but for reading the file; it is never run.
"""

from __future__ import annotations

import ast
from pathlib import Path

_TABLE_OPTIONS = {"version_table", "version_table_schema"}


def leaves_it_to_us(env_py: Path) -> bool:
    """Whether env.py imports, defines, and calls `environment.run` on the usual version table."""
    try:
        statements = ast.parse(env_py.read_bytes()).body
    except (OSError, SyntaxError, ValueError):
        return False
    calls = [one.value for one in statements if isinstance(one, ast.Expr) and _is_call(one.value)]
    ours = any(
        isinstance(one, ast.ImportFrom)
        and one.module == "pgrevise"
        and any(alias.name == "environment" and alias.asname is None for alias in one.names)
        for one in statements
    )
    return (
        ours and len(calls) == 1 and _is_our_run(calls[0]) and all(map(_does_nothing, statements))
    )


def _is_call(node: ast.expr) -> bool:
    return not isinstance(node, ast.Constant)


def _is_our_run(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call)
        and ast.unparse(node.func) == "environment.run"
        and all(given.arg not in {None, *_TABLE_OPTIONS} for given in node.keywords)
    )


def _does_nothing(statement: ast.stmt) -> bool:
    """Whether a statement only names things, for the one call to use."""
    if isinstance(statement, (ast.Assign, ast.AnnAssign)):
        return not any(isinstance(node, ast.Call) for node in ast.walk(statement))
    return isinstance(statement, (ast.Expr, ast.Import, ast.ImportFrom, ast.FunctionDef))
