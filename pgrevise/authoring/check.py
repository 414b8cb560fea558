"""Models = history, and what keeps them apart: tables no model declares, models never imported.

The comparison is in `pgrevise.authoring.differences`. Here what it finds is put into words, beside
the modules that declare tables and that nobody imports: those are found by reading, never by
importing them.
"""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from inspect import getattr_static
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from pgrevise import catalog
from pgrevise.authoring.differences import differences_of, project_metadata
from pgrevise.history.script import configuration, open_history
from pgrevise.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import MetaData

Progress = Callable[[str], None]

_INSTALLED = {"site-packages", "dist-packages"}
_NOT_MODELS = re.compile(r"tests?|__pycache__|\..*|test_.*\.py|.*_test\.py|conftest\.py")
#: A file is read closer only when it has one of these words; it can say that it is no model.
_SUSPECT = re.compile(r"__tablename__|\bTable\(|\btable\s*=\s*True")
_ALLOWED = re.compile(r"#\s*pgrevise:\s*allow unimported-model\s*--\s*\S")


@dataclass(frozen=True)
class Unimported:
    """A module that declares tables and was not imported when ``env.py`` had run."""

    path: Path
    tables: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """What is the case and what to do, on one line."""
        tables = f"table{'s' * (len(self.tables) > 1)} {', '.join(self.tables)}"
        return (
            f"{_shown(self.path)} declares {tables} and is never imported: import it where env.py "
            "finds the models, or delete it"
        )


@dataclass(frozen=True)
class Checked:
    """What would have to change for models and history to agree, and the models nobody sees."""

    changes: tuple[catalog.Change, ...]
    unimported: tuple[Unimported, ...]

    def sentence(self, change: catalog.Change) -> str:
        """The change in words; a table that no model declares has its own."""
        if (change.kind, change.object_kind) != ("removed", "table"):
            return change.sentence
        where = [one.path for one in self.unimported if change.name in one.tables]
        if where:
            return (
                f"table {change.name} is in the history but in no model that env.py imports: "
                f"import {_shown(where[0])}, which declares it"
            )
        return (
            f"table {change.name} is in the history but in no model: import the module that "
            "declares it where env.py finds the models, declare it, or drop it in a revision"
        )


def check(
    settings: Settings, *, major: int | None = None, progress: Progress | None = None
) -> Checked:
    """Compare the models with the history, and look for models that were never imported.

    ``major`` is the PostgreSQL version to compare on (default: the project's). Raises as
    `pgrevise.authoring.differences.differences`.
    """
    metadata = project_metadata(settings)
    # Now, before anything else is imported: what is there came with env.py.
    seen = unimported(metadata, Path(open_history(configuration(settings)).dir))
    changes = differences_of(settings, metadata, major=major, progress=progress)
    return Checked(tuple(changes), seen)


def unimported(metadata: Sequence[MetaData], migrations: Path) -> tuple[Unimported, ...]:
    """The modules beside the imported models that declare further tables.

    Looked for in the package that all imported models share, and below; a module outside of any
    package has its neighbours looked at. What lies in ``migrations``, tests and hidden folders do
    not count, nor a file that says ``# pgrevise: allow unimported-model -- why``.
    """
    imported = {_real(module) for module in list(sys.modules.values())}
    known = {table.name for collection in metadata for table in collection.tables.values()}
    found = []
    for path in sorted(_candidates(_model_modules(metadata))):
        if path in imported or path.is_relative_to(migrations.resolve()):
            continue
        tables = tuple(name for name in _declared(path) if name not in known)
        if tables:
            found.append(Unimported(path, tables))
    return tuple(found)


def _model_modules(metadata: Sequence[MetaData]) -> list[ModuleType]:
    """The project's modules that define a mapped class, a table or the metadata itself."""
    found = []
    for module in list(sys.modules.values()):
        path = _real(module)
        if path is None or _INSTALLED & set(path.parts) or path.is_relative_to(_library()):
            continue
        if any(_is_model(value, module, metadata) for value in list(vars(module).values())):
            found.append(module)
    return found


def _is_model(value: object, module: ModuleType, metadata: Sequence[MetaData]) -> bool:
    from sqlalchemy import MetaData, Table

    if isinstance(value, type):
        its_own = getattr_static(value, "metadata", None)
        return value.__module__ == module.__name__ and any(its_own is one for one in metadata)
    its_own = value.metadata if isinstance(value, Table) else value
    return isinstance(its_own, MetaData) and any(its_own is one for one in metadata)


def _candidates(modules: Sequence[ModuleType]) -> set[Path]:
    """The Python files in which further models would be."""
    packages = {module.__package__ for module in modules if module.__package__}
    found: set[Path] = set()
    for package in {_shared(name, packages) for name in packages}:
        for folder in getattr(sys.modules.get(package), "__path__", ()):
            found |= set(_python_files(Path(folder).resolve()))
    for module in modules:
        path = _real(module)
        if not module.__package__ and path is not None:
            found |= {
                one for one in path.parent.glob("*.py") if not _NOT_MODELS.fullmatch(one.name)
            }
    return found


def _shared(package: str, packages: set[str]) -> str:
    """The package above all those that begin with the same name as this one."""
    top = package.partition(".")[0]
    split = [name.split(".") for name in packages if name.partition(".")[0] == top]
    common = []
    for parts in zip(*split, strict=False):
        if len(set(parts)) > 1:
            break
        common.append(parts[0])
    return ".".join(common)


def _python_files(folder: Path) -> Iterator[Path]:
    for directory, below, files in os.walk(folder):
        below[:] = [name for name in below if not _NOT_MODELS.fullmatch(name)]
        for name in files:
            if name.endswith(".py") and not _NOT_MODELS.fullmatch(name):
                yield Path(directory, name)


def _declared(path: Path) -> list[str]:
    """The tables that a file declares, read from its text; none when it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
        if not _SUSPECT.search(text) or _ALLOWED.search(text):
            return []
        tree = ast.parse(text)
    except (OSError, SyntaxError, ValueError):
        return []
    tables: list[str] = []
    makers = _names_of_table(tree)
    for node in ast.walk(tree):
        name = None
        if isinstance(node, ast.ClassDef):
            name = _mapped_table(node)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in makers:
            name = _text(node.args[0]) if len(node.args) > 1 else None
        if name is not None and name not in tables:
            tables.append(name)
    return tables


def _names_of_table(tree: ast.Module) -> set[str]:
    """How SQLAlchemy's ``Table`` is called in a module: "Table", "sa.Table"."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy"):
            found |= {a.asname or a.name for a in node.names if a.name == "Table"}
        elif isinstance(node, ast.Import):
            found |= {f"{a.asname or a.name}.Table" for a in node.names if a.name == "sqlalchemy"}
    return found


def _mapped_table(node: ast.ClassDef) -> str | None:
    """The table of a declarative class, or of an SQLModel class."""
    for statement in node.body:
        targets: list[ast.expr] = []
        if isinstance(statement, ast.Assign):
            targets = statement.targets
        elif isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        names = [target.id for target in targets if isinstance(target, ast.Name)]
        if "__tablename__" in names and isinstance(statement, ast.Assign | ast.AnnAssign):
            return _text(statement.value)
    is_mapped = any(k.arg == "table" and ast.unparse(k.value) == "True" for k in node.keywords)
    return node.name.lower() if is_mapped else None


def _text(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _real(module: ModuleType | None) -> Path | None:
    file = getattr(module, "__file__", None)
    return Path(file).resolve() if isinstance(file, str) else None


def _library() -> Path:
    """Where Python's own modules are."""
    return Path(os.__file__).resolve().parent


def _shown(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
