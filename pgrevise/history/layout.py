"""Where a project's history lies, as its Alembic configuration says it in plain words.

Read without Alembic, so that commands which need no more start fast. Whatever is said in another
way than the usual ones is None here, and Alembic's to answer.
"""

from __future__ import annotations

import configparser
import os
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

from pgrevise.settings import Settings

_SEPARATORS = {"space": " ", "newline": "\n", "os": os.pathsep, ":": ":", ";": ";"}
_FLAGS = {"true": True, "false": False}
_SECTION = "alembic"
_TEXTS = ("script_location", "version_locations", "path_separator", "version_path_separator")
_SWITCHES = ("recursive_version_locations", "sourceless")


class Layout(NamedTuple):
    """The script directory and the folders of revisions, as absolute paths."""

    scripts: str
    locations: tuple[str, ...]
    recursive: bool = False


def layout(settings: Settings) -> Layout | None:
    """The layout of the project's history; None when only Alembic can tell."""
    try:
        return _layout(_toml(settings) | _ini(settings))
    except (OSError, ValueError, TypeError, LookupError, configparser.Error):
        return None


def _layout(said: dict[str, Any]) -> Layout:
    scripts = _folder(said["script_location"])
    if said.get("path_separator", "os") not in _SEPARATORS or not Path(scripts).exists():
        raise ValueError(said)
    recursive = said.get("recursive_version_locations", False)
    if said.get("sourceless", False) is not False or not isinstance(recursive, bool):
        raise ValueError(said)
    locations = tuple(_folder(location) for location in _locations(said))
    return Layout(scripts, locations or (str(Path(scripts, "versions")),), recursive)


def _ini(settings: Settings) -> dict[str, Any]:
    """What alembic.ini says of the names that decide where the history lies."""
    here = settings.alembic_ini.absolute().parent.as_posix()
    parser = configparser.ConfigParser({"here": here})
    # The encoding is Alembic's choice.
    parser.read(settings.alembic_ini, encoding="locale")
    if not parser.has_section(_SECTION):
        return {}
    written = parser[_SECTION]
    found: dict[str, Any] = {name: written[name] for name in _TEXTS if name in written}
    return found | {name: _FLAGS[written[name]] for name in _SWITCHES if name in written}


def _toml(settings: Settings) -> dict[str, Any]:
    """What ``[tool.alembic]`` says of names that alembic.ini leaves open."""
    path = settings.root / "pyproject.toml"
    if not path.is_file():
        return {}
    with path.open("rb") as file:
        table = tomllib.load(file).get("tool", {}).get("alembic", {})
    here = {"here": path.absolute().parent.as_posix()}
    found: dict[str, Any] = {name: table[name] for name in _SWITCHES if name in table}
    if "script_location" in table:
        found["script_location"] = table["script_location"] % here
    if "version_locations" in table:
        found["version_locations"] = [item % here for item in _listed(table["version_locations"])]
    return found


def _locations(said: dict[str, Any]) -> list[str]:
    written = said.get("version_locations")
    if not written or isinstance(written, list):
        return written or []
    if "version_path_separator" in said:
        raise ValueError(written)
    separator = _SEPARATORS[said["path_separator"]]
    return [item.strip() for item in written.split(separator) if item]


def _listed(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise TypeError(value)
    return value


def _folder(location: str) -> str:
    """An absolute path; raises `ValueError` for a package's resource, and for nothing."""
    if not location or (":" in location and not Path(location).is_absolute()):
        raise ValueError(location)
    return str(Path(location).absolute())
