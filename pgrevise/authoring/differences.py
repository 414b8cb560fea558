"""Models = history: whether the models and the revisions describe the same schema.

Both are built, each in a scratch database of the private test server, and their catalogs compared.
A developer's own database plays no part. Writing a revision is in `pgrevise.authoring.write`.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pgrevise import catalog
from pgrevise.errors import HistoryConflict, ReviseError, SettingsError
from pgrevise.history.script import configuration, history_errors, open_history
from pgrevise.history.state import VERSION_TABLE
from pgrevise.postgres.connect import connect, engine
from pgrevise.postgres.scratch import scratch_databases, scratch_server
from pgrevise.postgres.target import Target
from pgrevise.request import Request, attach
from pgrevise.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine, MetaData

Progress = Callable[[str], None]

_ENVIRONMENT = Path(__file__).parents[1] / "environment.py"


def differences(
    settings: Settings, *, major: int | None = None, progress: Progress | None = None
) -> list[catalog.Change]:
    """What would have to change for the history to give what the models say; empty when nothing.

    ``major`` is the PostgreSQL version to compare on (default: the project's).
    Raises `HistoryConflict` when the history cannot be run, or has no head.
    """
    return differences_of(settings, project_metadata(settings), major=major, progress=progress)


def differences_of(
    settings: Settings,
    metadata: Sequence[MetaData],
    *,
    major: int | None = None,
    progress: Progress | None = None,
) -> list[catalog.Change]:
    """`differences`, for models that are already at hand."""
    with (
        scratch_server(settings, major=major, progress=progress) as server,
        scratch_databases(server, 2) as (by_history, by_models),
    ):
        build_history(settings, by_history)
        build_models(metadata, by_models)
        return compared(by_history, by_models)


def compared(by_history: Target, by_models: Target) -> list[catalog.Change]:
    """The differences between two built databases, the version table left out."""
    return catalog.diff(_picture(by_history), _picture(by_models))


def project_metadata(settings: Settings) -> Sequence[MetaData]:
    """The metadata that the project's ``env.py`` hands to `pgrevise.environment.run`.

    Raises `SettingsError` when ``env.py`` does not call it, or fails before it does.
    """
    config = configuration(settings)
    request = Request(metadata_only=True)
    from alembic.runtime.environment import EnvironmentContext

    script = open_history(config)
    with model_errors(settings), EnvironmentContext(attach(config, request), script):
        script.run_env()
    if request.metadata is None:
        raise SettingsError(
            f"{script.env_py_location} did not hand over any models.",
            "Let it call pgrevise.environment.run(your.metadata).",
        )
    return request.metadata if isinstance(request.metadata, Sequence) else [request.metadata]


@contextmanager
def model_errors(settings: Settings) -> Iterator[None]:
    """Name the line of the project at which ``env.py`` or what it imports fails.

    What is raised after ``env.py`` has called `pgrevise.environment.run` passes.
    """
    try:
        yield
    except ReviseError:
        raise
    except Exception as error:
        place = _failing_line(error, settings)
        if place is None:
            raise
        raise SettingsError(
            f"The models cannot be loaded: {place} raised {type(error).__name__}: {error}.",
            "Mend that line; nothing was run.",
        ) from error


def _failing_line(error: Exception, settings: Settings) -> str | None:
    """``file:line`` of the project's code that ``env.py`` failed in before it came to us."""
    place = None
    for frame in traceback.extract_tb(error.__traceback__):
        path = Path(frame.filename)
        if place is not None and path == _ENVIRONMENT:
            return None
        if path.name == "env.py" or (place and path.is_relative_to(settings.root)):
            place = f"{frame.filename}:{frame.lineno}"
    if isinstance(error, SyntaxError) and place is not None:
        return f"{error.filename}:{error.lineno}"
    return place


def build_history(
    settings: Settings, target: Target, revisions: Sequence[str] = ("heads",)
) -> None:
    """Bring an empty database to every head of the history, or to ``revisions``."""
    from alembic import command

    config = attach(configuration(settings), Request(target=target, settings=settings))
    with history_errors():
        for revision in revisions:
            command.upgrade(config, revision)


def build_models(metadata: Sequence[MetaData], target: Target) -> None:
    """Create everything that the models declare in an empty database.

    Raises `HistoryConflict` with PostgreSQL's words when they cannot be created.
    """
    from sqlalchemy.exc import SQLAlchemyError

    connecting = engine(target)
    try:
        try:
            _create(connecting, metadata, looking=False)
        except SQLAlchemyError:
            # Two of the collections, or an event of the models', may make the same thing.
            _create(connecting, metadata, looking=True)
    except SQLAlchemyError as error:
        words = " ".join(str(getattr(error, "orig", None) or error).split())
        raise HistoryConflict(
            f"The models cannot be created in an empty database: {words}.", "Mend the models."
        ) from error


def _create(connecting: Engine, metadata: Sequence[MetaData], *, looking: bool) -> None:
    """Create everything; with ``looking`` each table is looked for first, which takes as long."""
    with connecting.begin() as connection:
        for collection in metadata:
            collection.create_all(connection, checkfirst=looking)


def _picture(target: Target) -> catalog.Catalog:
    """Every schema of the database, ``public`` first: its names are the ones without a schema."""
    with connect(target) as connection:
        return catalog.read_database(connection).without([("table", VERSION_TABLE)])
