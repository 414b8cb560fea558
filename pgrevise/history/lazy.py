"""A history for Alembic that imports only the revision files it runs.

Alembic's own `ScriptDirectory` and its own graph, over scripts that know their header and import
their module when it is first used. A file whose header only running it can tell is imported at
once, as Alembic does with every file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from alembic import util
from alembic.script import Script, ScriptDirectory
from alembic.script.revision import CycleDetected, Revision, RevisionMap

from pgrevise.errors import HistoryConflict
from pgrevise.history.files import revision_files
from pgrevise.history.graph import circles
from pgrevise.history.headers import Header
from pgrevise.history.reading import read_headers
from pgrevise.history.script import history_errors


class LazyScript(Script):
    """A revision with the facts of its header; its file is run when `module` is asked for."""

    def __init__(self, header: Header, path: str) -> None:
        self.header = header
        self.path = path
        self._module: ModuleType | None = None
        Revision.__init__(
            self,
            header.revision,
            header.down_revision,
            branch_labels=util.to_tuple(header.branch_labels, default=()),
            dependencies=util.to_tuple(header.depends_on, default=()),
        )

    @property
    def module(self) -> ModuleType:
        """The module, imported at the first use.

        Raises `HistoryConflict` when that fails, or when it says another thing than its header.
        """
        if self._module is None:
            path = Path(self.path)
            with history_errors():
                module = util.load_python_file(path.parent, path.name)
            _require_as_read(module, self.header, path)
            self._module = module
        return self._module

    @module.setter
    def module(self, module: ModuleType) -> None:
        self._module = module

    @property
    def longdoc(self) -> str:
        """The docstring, from the header."""
        return (self.header.doc or "").strip()


class LazyRevisionMap(RevisionMap):
    """Alembic's graph, without the step of ``alembic current`` that grows with the square.

    It also sees the circles that Alembic's own check does not, and that it then goes round forever.
    """

    def _detect_cycles(self, rev_map: dict[str, Revision], *known: Any) -> None:
        super()._detect_cycles(rev_map, *known)
        # With one parent each, a circle cannot be reached from a base, and was seen.
        if any(one.dependencies or one.is_merge_point for one in rev_map.values()):
            found = circles({name: one._all_down_revisions for name, one in rev_map.items()})
            if found:
                raise CycleDetected(found)

    def _filter_into_branch_heads(
        self, targets: Iterable[Revision | Literal["base"] | None]
    ) -> set[Revision | Literal["base"] | None]:
        """Those of the targets that none of the others comes after."""
        found = {target for target in targets if isinstance(target, Revision)}
        parents = {
            self._revision_map[name] for one in found for name in one._versioned_down_revisions
        }
        below = self._get_ancestor_nodes(
            [one for one in parents if one is not None], include_dependencies=False
        )
        return {*found.difference(below)}


def make_lazy(script: ScriptDirectory) -> ScriptDirectory:
    """Let ``script``, which has loaded nothing yet, import only what is used; returns it."""
    if not script.sourceless:
        script.revision_map = LazyRevisionMap(partial(_scripts, script))
    return script


def replaces(revision: Script) -> tuple[str, ...]:
    """The revisions that this one says it stands for."""
    if isinstance(revision, LazyScript):
        return revision.header.replaces
    return tuple(getattr(revision.module, "replaces", ()))


def _scripts(script: ScriptDirectory) -> Iterator[Script]:
    """As `ScriptDirectory._load_revisions`: the same files, order and warnings."""
    paths: dict[str, None] = {}
    folders = map(str, script._version_locations)
    for path in revision_files(folders, recursive=script.recursive_version_locations):
        if path in paths:
            util.warn(
                f"File {path} loaded twice! ignoring. Please ensure version_locations is unique."
            )
        paths[path] = None
    for path, header in read_headers(list(paths)):
        made = LazyScript(header, path) if header else Script._from_path(script, path)
        if made is not None:
            yield made


def _require_as_read(module: ModuleType, header: Header, path: Path) -> None:
    said = {
        "revision": getattr(module, "revision", None),
        "down_revision": getattr(module, "down_revision", None),
        "branch_labels": getattr(module, "branch_labels", None),
        "depends_on": getattr(module, "depends_on", None),
        "replaces": getattr(module, "replaces", ()),
    }
    for name, value in said.items():
        read = getattr(header, name)
        if _frozen(value) != read:
            raise HistoryConflict(
                f"{path.name} sets {name} to {value!r} when it runs, but reads as {read!r}.",
                f"Write {name} once, as a plain value, at the top of the file.",
            )


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
