"""A digest of the history: the same as long as it gives the same schema.

Of files their names and content count, never their times. No revision is loaded.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path

from pgrevise import __version__
from pgrevise.history.layout import Layout, layout
from pgrevise.settings import Settings


def history_digest(settings: Settings) -> str:
    """A digest of everything beside the revision files, of the Alembic configuration and of us.

    Every file of the script directory and of the directories of versions counts, env.py and SQL
    files too. Raises `HistoryConflict` when there is no such directory.
    """
    found = layout(settings) or _as_alembic_finds_it(settings)
    root = settings.root.resolve()
    files = {"alembic.ini": settings.alembic_ini}
    for place in (Path(found.scripts), *map(Path, found.locations)):
        for path in place.resolve().rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                inside = path.relative_to(root) if path.is_relative_to(root) else path
                files[inside.as_posix()] = path
    digest = hashlib.sha256(f"{__version__} {_toml_settings(root)} ".encode())
    for name in sorted(files):
        content = files[name].read_bytes()
        digest.update(f"{len(name)} {name} {len(content)} ".encode())
        digest.update(content)
    return digest.hexdigest()


def _as_alembic_finds_it(settings: Settings) -> Layout:
    from alembic.script import ScriptDirectory

    from pgrevise.history.script import configuration, history_errors

    with history_errors():
        script = ScriptDirectory.from_config(configuration(settings))
    return Layout(script.dir, tuple(map(str, script._version_locations)))


def _toml_settings(root: Path) -> str:
    """What pyproject.toml tells Alembic."""
    try:
        table = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError):
        return ""
    return json.dumps(table.get("tool", {}).get("alembic", {}), sort_keys=True, default=str)
