"""The folders that revisions are files in: one writer at a time, copies to try in, moves undone.

Files only: nothing here knows what a revision says.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pgrevise.errors import HistoryConflict, SettingsError
from pgrevise.history.script import configuration, open_history

if TYPE_CHECKING:
    from alembic.script import Script, ScriptDirectory

    from pgrevise.settings import Settings

#: What the name of a folder of revisions that were squashed ends in.
ARCHIVE = "_squashed"


@contextmanager
def only_writer(folder: Path, *also: Path) -> Iterator[None]:
    """Let nobody else add revisions to ``folder`` meanwhile; ``also`` are written to as well.

    Raises `SettingsError` when one of them cannot be written.
    """
    with ExitStack() as stack:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
            stack.callback(os.close, descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            for place in (folder, *also):
                # Asking for permission bits is not enough for root.
                with tempfile.NamedTemporaryFile(dir=place, prefix=".pgrevise-"):
                    pass
        except OSError as error:
            raise SettingsError(
                f"{folder} cannot be written: {error.strerror}.",
                "Run this in a checkout you may write to.",
            ) from error
        yield


def folders_of(script: ScriptDirectory) -> list[Path]:
    """The folders that the history is read from, in Alembic's order."""
    return [Path(folder) for folder in script._version_locations]


def folder_of(script: ScriptDirectory, revision: Script) -> Path:
    """The folder of revisions that this one is in or under."""
    within = [f for f in folders_of(script) if Path(revision.path).is_relative_to(f)]
    return max(within, key=lambda folder: len(folder.parts))


@dataclass(frozen=True)
class Workspace:
    """Copies of the folders of revisions, by the folder that they are of."""

    folders: Mapping[Path, Path] = field(default_factory=dict)

    def locations(self, script: ScriptDirectory) -> list[str]:
        """The folders of the history, with the copies in the place of what they are copies of."""
        return [str(self.folders.get(folder, folder)) for folder in folders_of(script)]


@contextmanager
def workspace_of(script: ScriptDirectory, chosen: Sequence[Script]) -> Iterator[Workspace]:
    """Copies of the folders that would change, beside them, without the revisions that would go.

    Beside, because a revision may read a file that lies near it.
    """
    folders: dict[Path, Path] = {}
    with ExitStack() as stack:
        for folder in {folder_of(script, revision) for revision in chosen}:
            made = tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-")
            copy = Path(stack.enter_context(made))
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(folder, copy, dirs_exist_ok=True, ignore=ignored)
            folders[folder] = copy
        for revision in chosen:
            folder = folder_of(script, revision)
            (folders[folder] / Path(revision.path).relative_to(folder)).unlink()
        yield Workspace(folders)


def move_beside(
    settings: Settings,
    script: ScriptDirectory,
    chosen: Sequence[Script],
    candidate: Path,
    folder: Path,
) -> Path:
    """Move the old files beside, put the baseline in their place; all of it or nothing."""
    path = folder / candidate.name
    before = {revision.revision for revision in script.walk_revisions()}
    moves = []
    for revision in chosen:
        old, root = Path(revision.path), folder_of(script, revision)
        moves.append((old, root.with_name(root.name + ARCHIVE) / old.relative_to(root)))
    moves.append((candidate, path))
    with ExitStack() as undo:
        for old, new in moves:
            _require_free(new, moves)
            if not new.parent.exists():
                new.parent.mkdir(parents=True)
                undo.callback(new.parent.rmdir)
            old.rename(new)
            undo.callback(new.rename, old)
        now = {
            revision.revision for revision in open_history(configuration(settings)).walk_revisions()
        }
        gone = {revision.revision for revision in chosen[:-1]}
        if now != before - gone:
            raise HistoryConflict(
                f"With the files moved to {moves[0][1].parent}, Alembic loads another history.",
                "Let version_locations not include that folder. Nothing was changed.",
            )
        undo.pop_all()
    return path


def _require_free(new: Path, moves: Sequence[tuple[Path, Path]]) -> None:
    if new.exists() and new not in [old for old, _ in moves]:
        raise SettingsError(f"{new} is there already.", "Move it away. Nothing was changed.")
