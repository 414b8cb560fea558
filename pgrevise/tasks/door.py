"""The one way in and out of every task: settings, output, errors and exit codes.

A task parses its words, calls an act and prints the result; everything around that is here.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from invoke.exceptions import Exit
from invoke.tasks import task

from pgrevise.errors import EXIT_INTERRUPTED, ReviseError, UsageError
from pgrevise.report.output import Output
from pgrevise.startup import collecting_nothing
from pgrevise.tasks.arguments import ReviseTask

if TYPE_CHECKING:
    from invoke.context import Context

    from pgrevise.postgres.target import Target
    from pgrevise.settings import Settings

URL = "database URL (default: sqlalchemy.url, DATABASE_URL, .env, then the private server)"
JSON = "print the result as JSON"
VERSION = "PostgreSQL major version (default: the project's)"

Body = Callable[..., None]


def command(
    *positionals: str,
    help: dict[str, str] | None = None,  # noqa: A002 - Invoke's own word
    repeatable: Sequence[str] = (),
) -> Callable[[Body], Any]:
    """Make a task of a function; ``positionals`` may be left out on the command line.

    The options in ``repeatable`` may be given several times; their values come as a list.
    """

    def made(body: Body) -> Any:
        return task(
            klass=ReviseTask,
            positional=[],
            optional_positionals=positionals,
            iterable=list(repeatable),
            help=help or {},
        )(_guarded(body))

    return made


def _guarded(body: Body) -> Body:
    """Print an expected failure and leave with its exit code; nobody reads a traceback for it."""

    @functools.wraps(body)
    def guarded(*args: Any, **kwargs: Any) -> None:
        output = Output(as_json=bool(kwargs.get("json")))
        try:
            _refuse_more(args[0])
            body(*args, **kwargs)
        except ReviseError as error:
            output.failure(error)
            raise Exit(code=error.exit_code) from None
        except KeyboardInterrupt:
            output.say("Interrupted. What was applied before stays; nothing else was changed.")
            raise Exit(code=EXIT_INTERRUPTED) from None
        except BrokenPipeError:
            # Whoever read our output has read enough (`| head`).
            sys.stderr.close()
            raise Exit(code=0) from None

    return guarded


def _refuse_more(context: Context) -> None:
    """Invoke keeps what follows ``--`` for tasks that ask for it; none of ours does."""
    if context.remainder:
        raise UsageError(
            f"No task takes what follows --: {context.remainder}.",
            "Leave the -- out; a word such as -2 is understood without it.",
        )


@contextmanager
def project(json: bool = False) -> Iterator[tuple[Settings, Output]]:
    """The project's settings and where to write."""
    from pgrevise import settings

    found = settings.load()
    try:
        yield found, Output(as_json=json)
    except (ReviseError, Exit):
        raise
    except Exception:
        # The project's own code failed, in env.py or in what it imports; else it goes on.
        from pgrevise.authoring.differences import model_errors

        with model_errors(found):
            raise


@contextmanager
def database(url: str, json: bool = False) -> Iterator[tuple[Settings, Output, Target]]:
    """The database a task works on; where that is the private server, it is held meanwhile."""
    with collecting_nothing():
        from pgrevise.postgres.locate import located

    with project(json) as (settings, output), ExitStack() as stack:
        with output.working("starting the private server"):
            target = stack.enter_context(located(settings, url or None, progress=output.say))
        yield settings, output, target


def words(items: Sequence[str], nothing: str = "base") -> str:
    """``items`` as people write them in a sentence."""
    return ", ".join(items) or nothing
