"""The rules about schema changes under conditions: what runs here may not run there.

Whether a statement was skipped is PostgreSQL's own message; which operations stand under a
condition is read from the revision's source.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from pgrevise.rehearsal.facts import Direction, Observed, Passage, Statement
from pgrevise.rehearsal.rules.common import module, own, without_literals
from pgrevise.rehearsal.rules.registry import Hit, rule

_SKIPPED = re.compile(r"(already exists|does not exist), skipping|already a member of publication")
_IF_EXISTS = re.compile(r"\s*(?:CREATE|DROP|ALTER)\b.*?\bIF\s+(?:NOT\s+)?EXISTS\b", re.I | re.S)
#: Where it is the way to do it: others may have made the extension, and a label cannot be dropped.
_PROPER = re.compile(
    r"\s*CREATE\s+EXTENSION\b|\s*ALTER\s+TYPE\b.*\bADD\s+VALUE\s+IF\s+NOT\s+EXISTS\b", re.I | re.S
)
#: How SQLAlchemy's inspector is asked what there is.
_LOOKS = re.compile(
    r"has_(?:table|index|sequence|schema)|get_\w+_names|get_columns|get_enums|get_\w*(?:indexes|constraints?|keys)"
)
#: The body of a function is not the statement that creates it.
_BODY = re.compile(r"(\$\w*\$).*?\1", re.DOTALL)
_DIALECT = "the dialect"
_CATALOG = "what the database has"


@dataclass(frozen=True)
class Guard:
    """An ``if`` around operations; ``lines`` is its body, ``about`` what it asks for."""

    function: str
    line: int
    lines: range
    about: str


@rule(
    "info",
    means="Operations stand under a condition on the dialect.",
    hurts="What another dialect would get is never run here, so nobody knows whether it works; "
    "and a condition that is wrong leaves a change out in silence.",
    instead="Write what PostgreSQL needs, without the condition: this history runs "
    "on nothing else.",
)
def dialect_guard(seen: Observed) -> Iterator[Hit]:
    """Conditions on the dialect, or on offline mode, around operations."""
    for guard in _guards(seen.revision.source):
        if guard.about == _DIALECT:
            ran = _ran(seen, guard)
            how = "ran" if ran else "did not run"
            yield Hit(
                _direction(guard),
                guard.line,
                f"What stands under this condition on the dialect {how} on PostgreSQL.",
            )


@rule(
    "info",
    means="A schema change is made only if something is there, or is not.",
    hurts="Where the database is not as expected the revision passes and is recorded, and the "
    "databases differ from then on; IF NOT EXISTS takes an index for done that is INVALID.",
    instead="Say what the history knows: it has been built by the revisions before this one. Let "
    "the statement fail where that is not so.",
    manual="CREATE TABLE, IF NOT EXISTS",
)
def conditional_ddl(seen: Observed) -> Iterator[Hit]:
    """IF [NOT] EXISTS in what ran, and looks at the catalog around operations in the source."""
    for passage in seen.passages():
        for statement in own(passage):
            sql = _BODY.sub("", without_literals(statement.sql))
            found = _IF_EXISTS.match(sql)
            if found and not _PROPER.match(sql) and not list(_skips(statement)):
                said = " ".join(found[0].split())
                yield Hit(passage.direction, statement.line, f"{said} … hides a difference.")
    for guard in _guards(seen.revision.source):
        if guard.about == _CATALOG:
            said = "The operations under this condition depend on what the database has already."
            yield Hit(_direction(guard), guard.line, said)


@rule(
    "warning",
    means="A schema change was skipped, because its object was there already or was not there.",
    hurts="The statement did nothing. What the downgrade does in return undoes somebody else's "
    "work, and the object may not be what this revision describes.",
    instead="Take IF [NOT] EXISTS away, and mend the history: one revision makes the object, and "
    "that one drops it.",
    manual="CREATE TABLE, IF NOT EXISTS",
)
def conditional_ddl_skipped(seen: Observed) -> Iterator[Hit]:
    """Statements of which the server said that it skipped them."""
    for passage in seen.passages():
        for statement in own(passage):
            for notice in _skips(statement):
                was_there = "already" in notice
                yield Hit(
                    passage.direction,
                    statement.line,
                    f"The statement did nothing: {notice}.",
                    severity=None if was_there else "info",
                )


def _skips(statement: Statement) -> Iterator[str]:
    for notice in statement.notices:
        if _SKIPPED.search(notice):
            yield " ".join(notice.split()).removeprefix("NOTICE: ")


def _direction(guard: Guard) -> Direction:
    return "downgrade" if guard.function == "downgrade" else "upgrade"


def _ran(seen: Observed, guard: Guard) -> bool:
    passages: tuple[Passage, ...] = seen.passages()
    return any(s.line in guard.lines for passage in passages for s in own(passage))


@lru_cache(maxsize=4)
def _guards(source: str) -> tuple[Guard, ...]:
    return tuple(_guards_in(source))


def _guards_in(source: str) -> Iterator[Guard]:
    for function in module(source).body:
        if not isinstance(function, ast.FunctionDef):
            continue
        known = _names_about(function)
        for node in ast.walk(function):
            if isinstance(node, ast.If) and _acts(node):
                about = _about(node.test, known)
                if about:
                    last = node.body[-1].end_lineno or node.lineno
                    lines = range(node.body[0].lineno, last + 1)
                    yield Guard(function.name, node.lineno, lines, about)


def _acts(node: ast.If) -> bool:
    """Whether operations stand under the condition, or are left out by it."""
    for inner in ast.walk(ast.Module(body=[*node.body, *node.orelse], type_ignores=[])):
        if isinstance(inner, ast.Return):
            return True
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute):
            is_operation = isinstance(inner.func.value, ast.Name) and inner.func.value.id == "op"
            if is_operation or inner.func.attr == "execute":
                return True
    return False


def _names_about(function: ast.FunctionDef) -> dict[str, str]:
    """Local names that hold the dialect, or what was found in the catalog."""
    known: dict[str, str] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            about = _about(node.value, known)
            if about:
                known |= {t.id: about for t in node.targets if isinstance(t, ast.Name)}
    return known


def _about(expression: ast.expr, known: dict[str, str]) -> str:
    for node in ast.walk(expression):
        if isinstance(node, ast.Name) and node.id in known:
            return known[node.id]
        if isinstance(node, ast.Attribute):
            if node.attr in ("dialect", "is_offline_mode", "as_sql"):
                return _DIALECT
            if _LOOKS.fullmatch(node.attr):
                return _CATALOG
    return ""
