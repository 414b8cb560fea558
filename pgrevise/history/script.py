"""The history as Alembic sees it, with its errors turned into sentences and next steps.

Opens the script directory and translates what goes wrong in it. Running revisions is in
`pgrevise.rollout`, writing them in `pgrevise.authoring`.
"""

from __future__ import annotations

import configparser
import re
import sys
import traceback
import warnings
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from alembic.config import Config
from alembic.script import Script, ScriptDirectory
from alembic.script.revision import ResolutionError, RevisionError
from alembic.util import CommandError

from pgrevise.errors import HistoryConflict, ReviseError, SettingsError
from pgrevise.startup import collecting_nothing

if TYPE_CHECKING:
    from pgrevise.settings import Settings


def configuration(settings: Settings) -> Config:
    """The project's Alembic configuration, ``[tool.alembic]`` of its pyproject.toml included.

    Alembic's own progress lines are kept off standard output, which is for results. Flask-Migrate
    keeps the file beside ``env.py`` and says nowhere where that is; here it is found all the same.
    """
    toml = settings.root / "pyproject.toml"
    config = Config(
        str(settings.alembic_ini),
        toml_file=str(toml) if toml.is_file() else None,
        stdout=sys.stderr,
        cmd_opts=Namespace(quiet=True, x=None),
    )
    folder = settings.alembic_ini.parent
    try:
        location = config.get_alembic_option("script_location")
    except (CommandError, configparser.Error) as error:
        raise SettingsError(
            f"{settings.alembic_ini} is no configuration of Alembic: {str(error).splitlines()[0]}.",
            "Name the project's alembic.ini, which has a section [alembic].",
        ) from error
    if not location and (folder / "env.py").is_file():
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
    return config


def open_history(config: Config) -> ScriptDirectory:
    """The history, with its files read; each is run, and found broken, when it is used.

    Raises `HistoryConflict` naming the file when one does not say what it is, is its own ancestor,
    or has an identifier that another one has. A file's module raises it when it cannot be run.
    """
    from pgrevise.history.lazy import make_lazy  # which needs the errors below

    with history_errors(), collecting_nothing(), warnings.catch_warnings():
        # Alembic only warns of these, and goes on with a history that is not the one on disk.
        warnings.filterwarnings("error", r"Revision .* is present more than once", UserWarning)
        warnings.filterwarnings("error", r"Revision .* referenced from", UserWarning)
        script = make_lazy(ScriptDirectory.from_config(config))
        try:
            script.get_heads()
        except UserWarning as warning:
            raise _warned(str(warning), script) from warning
        return script


def single_head(script: ScriptDirectory) -> str | None:
    """The one head, or None for an empty history. Raises `HistoryConflict` when there are more."""
    heads = sorted(script.get_heads())
    if len(heads) > 1:
        raise HistoryConflict(
            f"The history has {len(heads)} heads: {', '.join(heads)}.",
            'Join them with: invoke db.merge "join the branches".',
        )
    return heads[0] if heads else None


def revisions(script: ScriptDirectory) -> list[Script]:
    """Every revision, from base to head."""
    with history_errors():
        return list(reversed(list(script.walk_revisions())))


@contextmanager
def history_errors() -> Iterator[None]:
    """Turn what Alembic raises about the history into a `HistoryConflict`."""
    try:
        yield
    except (ReviseError, BrokenPipeError):
        raise
    except (CommandError, RevisionError) as error:
        raise explain(error) from error
    except SyntaxError as error:
        raise HistoryConflict(
            f"{_short(error.filename)}, line {error.lineno}, is not valid Python: {error.msg}.",
            "Mend the file; nothing was run.",
        ) from error
    except Exception as error:
        place = revision_frame(error)
        if place is None:
            raise
        raise HistoryConflict(
            f"{place} raised {type(error).__name__}: {error}.",
            "Mend the file; no database was changed.",
        ) from error


def explain(error: CommandError | RevisionError) -> HistoryConflict:
    """A `HistoryConflict` saying what Alembic found wrong and what to do about it."""
    # Alembic's own sentence forgets what was wrong with the identifier; its cause does not.
    cause = error if isinstance(error, RevisionError) else error.__cause__
    words = " ".join(str(cause if isinstance(cause, ResolutionError) else error).split())
    words = words.rstrip(".")
    advice = "See the history with: invoke db.history."
    if isinstance(cause, ResolutionError) and words.startswith("No such revision"):
        words = f"There is no revision {cause.argument!r} in this checkout"
        advice += " It may live on a branch that is not checked out here."
    elif isinstance(cause, ResolutionError):
        advice = f"Write more of its digits. {advice}"
    elif "ultiple head" in words:
        words = "The history has more than one head, and it was not said which is meant"
        advice = 'Join the heads with: invoke db.merge "join the branches"; or name one revision.'
    elif "loop" in words or "ycle" in words:
        advice = "Mend down_revision in that file: it names the revision itself or a descendant."
    elif "Ambiguous walk" in words:
        advice = "Name the revision to go to instead of a number of steps."
    elif "not up to date" in words:
        words, advice = "The database is not at head", "Run invoke db.upgrade first."
    return HistoryConflict(f"{words}.", advice)


def revision_frame(error: BaseException) -> str | None:
    """``file:line`` of the revision file that the error passed through last, if any."""
    place = None
    for frame, line in traceback.walk_tb(error.__traceback__):
        if "down_revision" in frame.f_globals:
            place = f"{_short(frame.f_code.co_filename)}:{line}"
    return place


def _warned(words: str, script: ScriptDirectory) -> HistoryConflict:
    twice = re.match(r"Revision (\S+) is present more than once", words)
    if twice is None:
        return HistoryConflict(
            f"{words}.", "Bring the missing file back, or mend down_revision in the other one."
        )
    folders = [Path(folder) for folder in script._version_locations]
    names = sorted(path.name for f in folders for path in f.glob(f"*{twice[1]}*.py"))
    return HistoryConflict(
        f"Revision {twice[1]} is there more than once: {', '.join(names)}.",
        "Give one of them another identifier, in its name and in its file.",
    )


def _short(filename: str | None) -> str:
    if filename is None:
        return "a revision file"
    path = Path(filename)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
