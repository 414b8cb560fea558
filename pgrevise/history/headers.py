"""What a revision file says of itself, read from its text: never executed.

Pure: bytes in, a `Header` out, or None when running the file might say something else. `header` is
quick for a file as a template writes it, and looks at the syntax tree of any other. Which files
there are is in `pgrevise.history.files`; how revisions hang together, in `pgrevise.history.graph`.
"""

from __future__ import annotations

import ast
import re
import sys
from typing import Any, NamedTuple

Literal = str | tuple[str, ...] | None

NAMES = ("revision", "down_revision", "branch_labels", "depends_on", "replaces")
#: What could give a module's names another value without writing the name.
_DYNAMIC = (
    "globals", "locals", "vars", "exec", "eval", "setattr", "modules", "import_module",
    "__import__", "__dict__", "__doc__", "__getattr__",
)  # fmt: skip

_QUICK_DOCSTRING = re.compile(
    r'(?:[ \t]*(?:#.*)?\n)*+"""(?P<doc>[^"\\]*(?:"{1,2}[^"\\]+)*)"""[ \t]*\n'
)
_STRING = r"""(?:"[^"\\\n]*"|'[^'\\\n]*')"""
_SEQUENCE = rf"""[(\[](?:\s*{_STRING}\s*,)*+\s*(?:{_STRING}\s*)?[)\]]"""
_ASSIGNMENT = (
    rf"(?P<name>{'|'.join(NAMES)})(?P<annotation>[ ]*:[ ]*[\w\[\], |.]+?)?[ ]*=[ ]*"
    rf"(?:None|(?P<text>{_STRING})|(?P<sequence>{_SEQUENCE}))[ \t]*(?:\#.*)?\n"
)
_ASSIGNED = re.compile(_ASSIGNMENT)
#: Lines that bind nothing of ours, as long as none of the `_WORDS` is in them.
_HARMLESS = re.compile(
    r"""(?:[ \t]*(?:\#.*)?\n
    |import[ ][\w., ]+(?:\#.*)?\n
    |from[ ][\w.]+[ ]import[ ](?:[\w, ]+|\((?:[\w,\s]|\#.*\n)*\))[ ]*(?:\#.*)?\n
    )++""",
    re.VERBOSE,
)
_WORDS = re.compile(rf"\b(?:{'|'.join((*NAMES, *_DYNAMIC))})\b|\bimport[ \t(]*\*")


class Header(NamedTuple):
    """The facts of one revision, as its module would have them.

    ``doc`` is the module's docstring; a list is a tuple here. A name that the file does not set has
    Alembic's default.
    """

    # A tuple, because thousands of them are made before anything is seen.
    revision: str
    down_revision: Literal
    branch_labels: Literal = None
    depends_on: Literal = None
    replaces: tuple[str, ...] = ()
    doc: str | None = None

    @property
    def subject(self) -> str:
        """The first paragraph of the docstring, as Alembic shows it."""
        return (self.doc or "").strip().split("\n\n")[0]


def header(source: bytes) -> Header | None:
    """The header of a revision file; None when only running the file can tell."""
    try:
        text = source.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return _quickly(text) or _from_syntax(source)


def _quickly(text: str) -> Header | None:
    """The header of a file whose names stand at its top and nowhere else."""
    if not text.isascii() or "\r" in text or "\f" in text or "\0" in text:
        return None
    docstring = _QUICK_DOCSTRING.match(text)
    if docstring is None or _is_declared_otherwise(text):
        return None
    found: dict[str, Any] = {}
    words = set()
    place = docstring.end()
    while True:
        harmless = _HARMLESS.match(text, place)
        if harmless is not None:
            place = harmless.end()
        assigned = _ASSIGNED.match(text, place)
        if assigned is None:
            break
        name = assigned["name"]
        if name in found:
            return None
        found[name] = _value(assigned)
        words.add(assigned.start("name"))
        place = assigned.end()
    for word in _WORDS.finditer(text, docstring.end()):
        if word.start() not in words and not _is_commented(text, word.start()):
            return None
    return _made(found, _docstring(docstring))


def _is_declared_otherwise(text: str) -> bool:
    """Whether the file may name an encoding that is not UTF-8 (PEP 263)."""
    return "coding" in "".join(text.split("\n", 2)[:2])


def _is_commented(text: str, place: int) -> bool:
    """Whether the line is a comment, or part of a string: it binds nothing either way."""
    start = text.rfind("\n", 0, place) + 1
    return text[start:place].lstrip(" \t").startswith("#")


def _value(assigned: re.Match[str]) -> Literal:
    if assigned["text"] is not None:
        return assigned["text"][1:-1]
    if assigned["sequence"] is not None:
        return _literal(ast.parse(assigned["sequence"], mode="eval").body)
    return None


def _docstring(found: re.Match[str]) -> str | None:
    doc = found["doc"]
    if "\n " not in doc and "\n\t" not in doc and sys.flags.optimize < 2:
        return doc
    # The compiler takes indentation away, from Python 3.13 on.
    return _compiled_docstring(found[0])


def _compiled_docstring(source: str) -> str | None:
    code = compile(source, "a docstring", "exec", dont_inherit=True)
    return next((value for value in code.co_consts if isinstance(value, str)), None)


def _made(found: dict[str, Any], doc: str | None) -> Header | None:
    """A header of what was found, if that is what Alembic can work with."""
    if not isinstance(found.get("revision"), str) or "down_revision" not in found:
        return None
    if not isinstance(found.get("replaces", ()), tuple):
        return None
    return Header(**found, doc=doc)


class _Unusual(Exception):
    """The text does not tell."""


def _from_syntax(source: bytes) -> Header | None:
    """The header of a file that sets each name once, to a literal, at its top level."""
    try:
        tree = ast.parse(source)
        _require_nothing_dynamic(tree)
        found: dict[str, Any] = {}
        for statement in tree.body:
            name, value = _assignment(statement)
            if name is None:
                _require_unbound(statement)
            elif value is None or name in found:
                return None
            else:
                found[name] = _literal(value)
        return _made(found, _tree_docstring(tree))
    except (_Unusual, SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _assignment(statement: ast.stmt) -> tuple[str | None, ast.expr | None]:
    """One of our names and what it is set to; None for any other statement."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target: ast.expr = statement.targets[0]
    elif isinstance(statement, ast.AnnAssign):
        target = statement.target
    else:
        return None, None
    if isinstance(target, ast.Name) and target.id in NAMES:
        return target.id, statement.value
    return None, None


def _literal(node: ast.expr) -> Literal:
    if isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, str)):
        return node.value
    if isinstance(node, (ast.Tuple, ast.List)):
        items = [item.value for item in node.elts if isinstance(item, ast.Constant)]
        texts = [item for item in items if isinstance(item, str)]
        if len(texts) == len(node.elts):
            return tuple(texts)
    raise _Unusual


def _require_nothing_dynamic(tree: ast.Module) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            unusual = node.id in _DYNAMIC
        elif isinstance(node, ast.Attribute):
            stores = not isinstance(node.ctx, ast.Load)
            unusual = node.attr in _DYNAMIC or (stores and node.attr in NAMES)
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            unusual = bool(set(node.names) & {*NAMES, *_DYNAMIC})
        elif isinstance(node, ast.NamedExpr):
            # Even in the defaults of a function: those are the module's.
            unusual = node.target.id in NAMES
        elif isinstance(node, ast.alias):
            unusual = node.name == "*" or node.name.rpartition(".")[2] in _DYNAMIC
        else:
            unusual = isinstance(node, ast.FunctionDef) and node.name in _DYNAMIC
        if unusual:
            raise _Unusual


def _require_unbound(statement: ast.stmt) -> None:
    """Refuse a statement that binds one of our names in the module, however it does it."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        # One question for all kinds: names of functions, classes, imports, handlers, patterns.
        bound = [getattr(node, field, None) for field in ("name", "asname", "rest")]
        if isinstance(node, ast.alias):
            # What is imported from a package binds the package, but for another name.
            bound = [node.asname or node.name.partition(".")[0]]
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            bound.append(node.id)
        if any(name in NAMES or name == "__doc__" for name in bound):
            raise _Unusual
        inner = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda))
        if not inner:
            waiting.extend(ast.iter_child_nodes(node))


def _tree_docstring(tree: ast.Module) -> str | None:
    first = tree.body[0] if tree.body else None
    if not isinstance(first, ast.Expr) or not isinstance(first.value, ast.Constant):
        return None
    if not isinstance(first.value.value, str):
        return None
    return _compiled_docstring(repr(first.value.value))
