"""The task ``db.rehearse``: parse, call, print."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from invoke.context import Context
from invoke.exceptions import Exit

from pgrevise.errors import EXIT_FINDINGS, EXIT_INTERRUPTED, SettingsError, UsageError
from pgrevise.tasks.door import JSON, VERSION, command, project

if TYPE_CHECKING:
    from pgrevise.postgres.target import Target
    from pgrevise.rehearsal.facts import Rehearsal, Rehearsed, Revision
    from pgrevise.rehearsal.options import Options
    from pgrevise.report.output import Output
    from pgrevise.report.rehearsal import Format
    from pgrevise.report.words import FailOn
    from pgrevise.settings import Settings

#: A report is at least and at most so many columns wide.
_NARROW, _WIDE = 60, 140


@command(
    "revisions",
    repeatable=("set_", "output", "x"),
    help={
        "revisions": "a revision, A:B, -3, head (default: those that this branch adds)",
        "url": "rehearse what is pending in this database, on its version; it is only read",
        "all_": "rehearse the whole history",
        "config": "the project's alembic.ini, when it is not the one here",
        "set_": "NAME=value for the project's environment; the value may hold {url}, {driver_url}, "
        "{host}, {port}, {database}, {user}; may be repeated",
        "x": "NAME=value for env.py, as alembic -x; may be repeated",
        "driver": "what the project connects with: psycopg, psycopg2, asyncpg (default: its own)",
        "baseline": "a pg_dump file of the schema that the history starts from",
        "deadline": "seconds that one way through a revision may take",
        "rows": "fill tables with so many rows and measure times, such as 1e6; 0 tries no rows",
        "stats": "a file of db.stats, to whose sizes times are scaled",
        "probe": "let clients read and write meanwhile, and tell how long they stood still",
        "released": "a git reference, or merge-base: does its code work on the new schema?",
        "released_python": "the interpreter of that code, when it is not this one",
        "max_stall": "a finding when reads or writes stand still longer, such as 500ms, 2s, 1min",
        "postgres": VERSION,
        "format_": "what to print: terminal, markdown, json, sarif, junit, svg",
        "output": "FORMAT=FILE or a file whose ending tells: write a report there; may be repeated",
        "fail_on": "exit 1 from this severity on: error, warning, info, never",
        "json": JSON,
    },
)
def rehearse(
    _: Context,
    revisions: str = "",
    url: str = "",
    all_: bool = False,
    config: str = "",
    set_: Sequence[str] = (),
    x: Sequence[str] = (),
    driver: str = "",
    baseline: str = "",
    deadline: float = 60.0,
    rows: str = "",
    stats: str = "",
    probe: bool = False,
    released: str = "",
    released_python: str = "",
    max_stall: str = "",
    postgres: int = 0,
    format_: str = "terminal",
    output: Sequence[str] = (),
    fail_on: str = "error",
    json: bool = False,
) -> None:
    """Run revisions on a private server, up, down and up again, and say what they did; exit 1.

    invoke db.rehearse [REVISION | FROM:TO | -N]
    """
    if json and format_ not in ("terminal", "json"):
        raise UsageError(
            f"--json and --format {format_} ask for different formats.",
            f"Give one of them, and write the other with --output {format_}=FILE.",
        )
    from pgrevise.tasks.rehearsal_options import Words, options_of
    from pgrevise.tasks.reports import destination, format_of, severity

    shown = format_of("json" if json else format_)
    files = [destination(text) for text in output]
    least = severity(fail_on)
    if all_ and (revisions or url):
        given = revisions or "--url"
        raise UsageError(f"--all and {given} ask for different revisions.", "Give one of them.")
    words = Words(rows, stats, probe, released, released_python, max_stall)
    asked = options_of(set_, x, driver, baseline, deadline, words)
    with _configured(config), project(json) as (found, out):
        words.say(asked, out.say)
        target, major = _pending_in(url)
        options = replace(asked, major=postgres or major)
        rehearsal = _rehearsed(_rooted(found), out, options, revisions, target, everything=all_)
        _write(rehearsal, shown, files, least, out)
    if least != "never" and rehearsal.counted(least):
        raise Exit(code=EXIT_FINDINGS)


def _rehearsed(
    settings: Settings,
    out: Output,
    options: Options,
    wanted: str,
    target: Target | None,
    *,
    everything: bool,
) -> Rehearsal:
    from pgrevise.rehearsal.rehearse import rehearse as act
    from pgrevise.rehearsal.selection import select
    from pgrevise.rehearsal.workshop.workshop import open_workshop

    with _undisturbed(out), _Progress(out) as progress:
        progress.working("starting the private server and reading the history")
        with open_workshop(settings, options, out.say) as workshop:
            selection = select(
                settings,
                wanted=wanted,
                url_target=target,
                everything=everything,
                history=workshop.history,
            )
            words = selection.words
            began = f"Rehearsing {words}." if selection.revisions else f"Nothing to do: {words}."
            out.say(began, "dim")
            return act(
                settings,
                selection,
                options,
                progress=progress.working,
                started=progress.started,
                finished=progress.finished,
                workshop=workshop,
            )


@contextmanager
def _undisturbed(out: Output) -> Iterator[None]:
    """Say what an interrupted rehearsal leaves, which is nothing."""
    try:
        yield
    except KeyboardInterrupt:
        out.say("Interrupted. Its databases and processes on the private server are gone.")
        raise Exit(code=EXIT_INTERRUPTED) from None


class _Progress:
    """A live line on a terminal, a line for each revision elsewhere; gone at the end."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._working: AbstractContextManager[None] | None = None
        self._place = ""

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def working(self, text: str) -> None:
        """Show what is going on, if it takes long."""
        self._stop()
        self._working = self._output.working(text)
        self._working.__enter__()

    def started(self, revision: Revision, place: int, total: int) -> None:
        """A revision begins."""
        self._place = f"{place} of {total}"
        if sys.stderr.isatty():
            self.working(f"{revision.identifier} {revision.subject} ({self._place})")

    def finished(self, rehearsed: Rehearsed) -> None:
        """A revision is done."""
        self._stop()
        if not sys.stderr.isatty():
            revision = rehearsed.observed.revision
            told = f"  {self._place}  {revision.identifier}  {revision.subject}"
            self._output.say(told, "dim")

    def _stop(self) -> None:
        if self._working is not None:
            self._working.__exit__(None, None, None)
            self._working = None


def _write(
    rehearsal: Rehearsal,
    shown: Format,
    files: Sequence[tuple[Format, Path]],
    least: FailOn,
    out: Output,
) -> None:
    """Print the report, and then write those that were asked for: what was seen is not lost."""
    from pgrevise.report.rehearsal import render

    coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    width = min(max(shutil.get_terminal_size().columns, _NARROW), _WIDE)
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    out.text(
        render(
            rehearsal,
            shown,
            colour=coloured,
            width=width,
            unicode=encoding.startswith("utf"),
            fail_on=least,
        )
    )
    for written, path in files:
        text = render(rehearsal, written, fail_on=least)
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise SettingsError(
                f"{path} cannot be written: {error.strerror}.", "Name another file."
            ) from error
        out.say(f"The {written} report is in {path}.", "dim")


def _pending_in(url: str) -> tuple[Target | None, int | None]:
    """The database that was named, and its major version."""
    if not url:
        return None, None
    from pgrevise.postgres.connect import connect
    from pgrevise.postgres.target import parse

    target = parse(url, origin="--url")
    with connect(target) as connection:
        return target, connection.info.server_version // 10000


@contextmanager
def _configured(config: str) -> Iterator[None]:
    """The Alembic configuration that was named, in the way that Alembic itself is told."""
    before = os.environ.get("ALEMBIC_CONFIG")
    if config:
        if not Path(config).is_file():
            raise SettingsError(f"--config names {config}, which is not a file.", "Name one.")
        if Path(config).suffix == ".toml":
            raise SettingsError(
                f"--config names {config}, but wants the project's alembic.ini.",
                "Name that; [tool.alembic] is read from the pyproject.toml beside it.",
            )
        os.environ["ALEMBIC_CONFIG"] = str(Path(config).absolute())
    try:
        yield
    finally:
        if config and before is None:
            del os.environ["ALEMBIC_CONFIG"]
        elif before is not None:
            os.environ["ALEMBIC_CONFIG"] = before


def _rooted(settings: Settings) -> Settings:
    """The settings with the folder that the configuration's paths are relative to.

    Alembic takes a relative ``script_location`` from the working folder, which need not be the one
    that the file is in.
    """
    from pgrevise.history.script import configuration

    location = configuration(settings).get_main_option("script_location") or ""
    here = Path.cwd()
    if Path(location) == settings.alembic_ini.parent:
        return replace(settings, root=settings.alembic_ini.parent.parent)
    is_relative = location and not Path(location).is_absolute() and ":" not in location
    if is_relative and not (settings.root / location).exists() and (here / location).exists():
        return replace(settings, root=here)
    return settings
