"""The project's settings, resolved once and frozen, each remembering where it came from.

Read from ``[tool.pgrevise]`` in ``pyproject.toml`` beside ``alembic.ini``, and from environment
variables ``PGREVISE_<NAME>``, which win. The database URL is not a setting: it is found in
`pgrevise.postgres.locate`.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from pgrevise.errors import SettingsError

TABLE = "[tool.pgrevise] in pyproject.toml"


@dataclass(frozen=True)
class Settings:
    """What a project may set. Times are in seconds.

    ``postgres`` is the major version of the private server (0: the newest that is installed).
    ``database`` names the development database on the private server. ``lock_timeout`` bounds one
    wait for a table lock that queues others behind it; ``retry_for`` bounds all retries of one
    revision; ``wait_for_runner`` bounds the wait for another runner to finish.
    ``development_databases`` are name patterns of databases on this machine that ``db.reset`` may
    drop. ``rehearsal_allow`` gives a reason for each rule of the rehearsal that the whole project
    may break, ``rows`` what columns hold that generated rows cannot be guessed for, by
    "table.column": SQL over ``i``, or a list of values. ``sources`` tells where each setting came
    from.
    """

    root: Path
    alembic_ini: Path
    postgres: int = 0
    bindir: str = ""
    database: str = "development"
    lock_timeout: float = 2.0
    retry_for: float = 300.0
    wait_for_runner: float = 900.0
    development_databases: tuple[str, ...] = ("*_dev", "*_development", "*_test", "dev", "test")
    rehearsal_allow: tuple[tuple[str, str], ...] = ()
    rows: tuple[tuple[str, str | tuple[str, ...]], ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict, compare=False)


_EXPECTED = {
    "int": "a whole number",
    "float": "a number of seconds",
    "tuple[tuple[str, str], ...]": "a table of reasons",
    "tuple[tuple[str, str | tuple[str, ...]], ...]": "a table of columns",
}
_SETTABLE = {f.name: f.type for f in fields(Settings)[2:] if f.name != "sources"}


def find_alembic_ini(start: Path | None = None) -> Path:
    """The ``alembic.ini`` of the project that ``start`` (default: here) lies in.

    ``ALEMBIC_CONFIG`` wins, as it does for Alembic. Raises `SettingsError` when there is none.
    """
    named = os.environ.get("ALEMBIC_CONFIG")
    here = (start or Path.cwd()).absolute()
    candidates = (
        [Path(named).absolute()] if named else [d / "alembic.ini" for d in (here, *here.parents)]
    )
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    toml = next((d / "pyproject.toml" for d in (here, *here.parents) if _names_alembic(d)), None)
    if toml and not named:
        raise SettingsError(
            f"{toml} has [tool.alembic], but there is no alembic.ini beside it.",
            "Put one there with the single line [alembic]; the rest is read from pyproject.toml.",
        )
    raise SettingsError(
        f"There is no alembic.ini in {here} or above it."
        if not named
        else f"ALEMBIC_CONFIG names {named}, which is not a file.",
        "Run this in the project's folder, or name the file in ALEMBIC_CONFIG.",
    )


def _names_alembic(folder: Path) -> bool:
    """Whether the folder's pyproject.toml configures Alembic."""
    try:
        return "[tool.alembic]" in (folder / "pyproject.toml").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False


def load(start: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Resolve the settings of the project around ``start`` (default: the working directory).

    Raises `SettingsError` for an unknown name or a value of the wrong type.
    """
    alembic_ini = find_alembic_ini(start)
    root = alembic_ini.parent
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for name, value in _from_pyproject(root / "pyproject.toml").items():
        values[name] = _convert(name, value, TABLE)
        sources[name] = TABLE
    for name in _SETTABLE:
        variable = f"PGREVISE_{name.upper()}"
        given = (os.environ if environ is None else environ).get(variable)
        if given:
            values[name] = _convert(name, given, variable)
            sources[name] = variable
    return Settings(root=root, alembic_ini=alembic_ini, sources=sources, **values)


def _from_pyproject(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    try:
        table = tomllib.loads(text).get("tool", {}).get("pgrevise", {})
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not valid TOML: {error}.", "Mend the file.") from error
    if not isinstance(table, dict):
        raise SettingsError(f"{TABLE} is {table!r}, which is no table.", "Write [tool.pgrevise].")
    flat = _flattened(table)
    unknown = sorted(set(flat) - set(_SETTABLE))
    if unknown:
        raise SettingsError(
            f"{TABLE} has {unknown[0]!r}, which is no setting.",
            f"The settings are: {', '.join(sorted(_SETTABLE))}.",
        )
    return flat


def _flattened(table: Mapping[str, Any]) -> dict[str, Any]:
    """The table with what ``[tool.pgrevise.rehearsal]`` sets as ``rehearsal_…``."""
    flat = dict(table)
    inner = flat.pop("rehearsal", {})
    if not isinstance(inner, dict):
        raise SettingsError(
            f"{TABLE} sets rehearsal to {inner!r}, which is no table.",
            "Write [tool.pgrevise.rehearsal].",
        )
    return flat | {f"rehearsal_{name}": value for name, value in inner.items()}


def _convert(name: str, value: Any, source: str) -> Any:
    kind = _SETTABLE[name]
    try:
        if kind == "int" and not isinstance(value, float):
            return int(value)
        if kind == "float":
            return _seconds(value)
        if kind == "str":
            return str(value)
        if kind == "tuple[tuple[str, str], ...]":
            return _reasons(value)
        if name == "rows":
            return _hints(value)
        return tuple(value.split(",") if isinstance(value, str) else map(str, value))
    except (TypeError, ValueError) as error:
        expected = _EXPECTED.get(str(kind), "a list")
        raise SettingsError(
            f"{source} sets {name} to {value!r}, which is not {expected}.",
            f"Give {name} {expected}.",
        ) from error


def _seconds(value: Any) -> float:
    number = float(value)
    if not 0 <= number < float("inf"):
        raise ValueError(value)
    return number


def _reasons(value: Any) -> tuple[tuple[str, str], ...]:
    """``{rule = "reason"}``, or in one line ``rule=reason; rule=reason``, as pairs."""
    if isinstance(value, str):
        pairs = [part.partition("=") for part in value.split(";") if part.strip()]
        value = {name.strip(): reason.strip() for name, _, reason in pairs}
    if not all(isinstance(reason, str) for reason in dict(value).values()):
        raise TypeError(value)
    return tuple(dict(value).items())


def _hints(value: Any) -> tuple[tuple[str, str | tuple[str, ...]], ...]:
    """``{"table.column" = "expression"}`` or a list of values, as pairs; a line as for reasons."""
    if isinstance(value, str):
        return _reasons(value)
    listed = {key: tuple(v) if isinstance(v, list) else v for key, v in dict(value).items()}
    if not all(isinstance(v, (str, tuple)) for v in listed.values()):
        raise TypeError(value)
    return tuple(listed.items())
