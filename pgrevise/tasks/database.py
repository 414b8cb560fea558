"""The ``db`` tasks: parse, call, print. What they do is in the acts they call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from invoke.context import Context
from invoke.exceptions import Exit

from pgrevise.errors import EXIT_FINDINGS
from pgrevise.tasks.door import JSON, URL, VERSION, command, database, project, words

if TYPE_CHECKING:
    from pgrevise.report.output import Output
    from pgrevise.rollout.commands import Migrated


@command(
    "message",
    help={
        "message": "what the revision changes, in quotes",
        "empty": "write it without operations, to fill in by hand",
        "sql": "write plain SQL statements instead of Alembic operations",
        "json": JSON,
    },
)
def new(
    _: Context, message: str = "", empty: bool = False, sql: bool = False, json: bool = False
) -> None:
    """Write a revision for what the models have and the history has not.

    invoke db.new "describe change"
    """
    from pgrevise.authoring.write import new_revision

    with project(json) as (settings, output):
        with output.working("comparing the models with the history"):
            written = new_revision(settings, message, empty=empty, as_sql=sql, progress=output.say)
        output.document(written)
        if written.path is not None:
            output.line(str(_short(written.path)), "green")
        elif not written.missing:
            output.line("No change: the models and the history describe the same schema.")
        if written.failure:
            output.say(f"It does not run yet: {written.failure}", "yellow")
            output.say("Mend the file, then see what is missing with: invoke db.check")
        if written.missing:
            output.say("Not in the revision, since autogenerate cannot write it:", "yellow")
            for change in written.missing:
                output.say(f"  {change.sentence}")
            output.say("Write it by hand, then look again with: invoke db.check")
        if written.path is None and written.missing:
            raise Exit(code=EXIT_FINDINGS)


@command("revision", help={"revision": "how far (default: head)", "url": URL, "json": JSON})
def upgrade(_: Context, revision: str = "", url: str = "", json: bool = False) -> None:
    """Apply pending revisions, exactly once, one runner at a time.

    invoke db.upgrade [REVISION]
    """
    from pgrevise.report.progress import RunProgress
    from pgrevise.rollout import commands

    with database(url, json) as (settings, output, target):
        output.say(f"{target.display} (from {target.origin})", "dim")
        with RunProgress(output) as progress:
            done = commands.upgrade(settings, target, revision or "head", progress)
        _tell(output, done, "Upgraded")


@command(
    "revision",
    help={"revision": "how far: -N, an identifier, base (default: -1)", "url": URL, "json": JSON},
)
def downgrade(_: Context, revision: str = "", url: str = "", json: bool = False) -> None:
    """Undo revisions.

    invoke db.downgrade [REVISION]
    """
    from pgrevise.report.progress import RunProgress
    from pgrevise.rollout import commands

    with database(url, json) as (settings, output, target):
        output.say(f"{target.display} (from {target.origin})", "dim")
        with RunProgress(output) as progress:
            done = commands.downgrade(settings, target, revision or "-1", progress)
        _tell(output, done, "Downgraded")


@command(
    help={
        "url": URL,
        "yes-destroy": "the name of the database, when it is not a development database",
        "json": JSON,
    }
)
def reset(_: Context, url: str = "", yes_destroy: str = "", json: bool = False) -> None:
    """Drop a development database, create it again and upgrade it to head."""
    from pgrevise.report.progress import RunProgress
    from pgrevise.rollout import commands

    with database(url, json) as (settings, output, target):
        commands.require_destroyable(settings, target, yes_destroy or None)
        output.say(f"Dropping {target.display} (from {target.origin})", "dim")
        with RunProgress(output) as progress:
            done = commands.reset(
                settings, target, confirmed=yes_destroy or None, observer=progress
            )
        _tell(output, done, "Reset")


@command(help={"url": URL, "json": JSON})
def current(_: Context, url: str = "", json: bool = False) -> None:
    """Show where the database stands in the history."""
    from pgrevise.rollout.position import position

    with database(url, json) as (settings, output, target):
        found = position(settings, target)
        output.document(found)
        output.line(f"{found.database} is at {words(found.stamped)}", "bold")
        for subject in found.subjects:
            output.line(f"  {subject}")
        if found.unknown:
            output.say(
                f"Not in this checkout: {words(found.unknown)}; it may live on another branch.",
                "yellow",
            )
        elif found.pending:
            output.line(f"{len(found.pending)} pending: {words(found.pending)}")
        else:
            output.line("Nothing is pending.")


@command(help={"url": URL, "check": "exit 1 unless the database is at head", "json": JSON})
def status(_: Context, url: str = "", check: bool = False, json: bool = False) -> None:
    """Show what there is to know before an upgrade.

    Where the database stands, what is pending, who migrates it right now, and indexes that an
    earlier run left invalid.
    """
    from pgrevise.report.standing import print_status
    from pgrevise.rollout.status import status as look

    with database(url, json) as (settings, output, target):
        output.say(f"{target.display} (from {target.origin})", "dim")
        found = look(settings, target)
        print_status(output, found)
        if check and not found.is_at_head:
            raise Exit(code=EXIT_FINDINGS)


@command(help={"json": JSON})
def history(_: Context, json: bool = False) -> None:
    """List every revision, the newest first."""
    from pgrevise.history.listing import listing

    with project(json) as (settings, output):
        entries = listing(settings)
        output.document(entries)
        for entry in reversed(entries):
            marks = f"  ({', '.join(entry.marks)})" if entry.marks else ""
            output.line(f"{entry.revision}  {entry.subject}{marks}")
        if not entries:
            output.line('No revisions yet. Write one with: invoke db.new "describe change"')


@command(help={"json": JSON})
def heads(_: Context, json: bool = False) -> None:
    """Show the newest revision of every branch."""
    from pgrevise.history.listing import listing

    with project(json) as (settings, output):
        entries = [entry for entry in listing(settings) if "head" in entry.marks]
        output.document(entries)
        for entry in entries:
            output.line(f"{entry.revision}  {entry.subject}")
        if len(entries) > 1:
            output.say('Join them with: invoke db.merge "join the branches"', "yellow")


@command(help={"version": VERSION, "json": JSON})
def check(_: Context, version: int = 0, json: bool = False) -> None:
    """Compare the models with the history; exit 1 and say what differs or is never imported."""
    from pgrevise.authoring import check as act

    with project(json) as (settings, output):
        with output.working("building the models and the history"):
            found = act.check(settings, major=version or None, progress=output.say)
        changes = found.changes
        output.document(
            {
                "equal": not changes,
                "differences": [{"sentence": found.sentence(c), "change": c} for c in changes],
                "unimported": [
                    {"sentence": u.sentence, "path": u.path, "tables": u.tables}
                    for u in found.unimported
                ],
            }
        )
        for module in found.unimported:
            output.line(module.sentence, "yellow")
        if changes:
            output.line("The models differ from the history:", "red")
            for change in changes:
                output.line(f"  {found.sentence(change)}")
            output.say('Write a revision with: invoke db.new "describe change"')
        else:
            output.line("The models and the history describe the same schema.", "green")
        if changes or found.unimported:
            raise Exit(code=EXIT_FINDINGS)


@command(
    "revision",
    help={
        "revision": "a revision, or a range FROM:TO (default: head)",
        "down": "the SQL of the downgrades, over a range FROM:TO",
    },
)
def sql(_: Context, revision: str = "", down: bool = False) -> None:
    """Print the SQL of upgrades or downgrades; nothing is connected to.

    invoke db.sql [REVISION | FROM:TO]
    """
    import io

    from pgrevise.rollout.commands import offline_sql

    with project() as (settings, output):
        # All of it or, when a revision fails, nothing: somebody may pipe it into psql.
        text = io.StringIO()
        offline_sql(settings, revision or ("head:base" if down else "head"), down=down, output=text)
        output.line(text.getvalue().rstrip())


@command(
    "revision",
    help={
        "revision": "which one (default: head)",
        "purge": "forget first what the database is stamped with",
        "url": URL,
        "json": JSON,
    },
)
def stamp(
    _: Context, revision: str = "", purge: bool = False, url: str = "", json: bool = False
) -> None:
    """Write down that the database is at a revision, without running anything.

    invoke db.stamp [REVISION]
    """
    from pgrevise.rollout import commands

    with database(url, json) as (settings, output, target):
        done = commands.stamp(settings, target, revision or "head", purge=purge)
        output.document(done)
        output.line(f"{done.database} was stamped {words(done.before)} and is {words(done.after)}.")


@command("message", help={"message": "what is joined, in quotes", "json": JSON})
def merge(_: Context, message: str = "", json: bool = False) -> None:
    """Write a revision that joins all heads.

    invoke db.merge "join the branches"
    """
    from pgrevise.authoring.write import merge_heads

    with project(json) as (settings, output):
        written = merge_heads(settings, message)
        output.document(written)
        if written.path is not None:
            output.line(str(_short(written.path)), "green")


@command(help={"url": URL, "json": JSON})
def url(_: Context, url: str = "", json: bool = False) -> None:
    """Show which database the tasks work on, and why."""
    with database(url, json) as (_settings, output, target):
        output.document({"url": target.display, "origin": target.origin, "private": target.private})
        output.line(target.display)
        output.say(f"from {target.origin}", "dim")


def _tell(output: Output, done: Migrated, verb: str) -> None:
    output.document(done)
    if not done.applied:
        output.line(f"Nothing to do: {done.database} is at {words(done.after)}.", "green")
        return
    seconds = sum(applied.seconds for applied in done.applied)
    count = len(done.applied)
    output.line(
        f"{verb} {done.database} to {words(done.after)}: "
        f"{count} revision{'s' * (count > 1)} in {seconds:.2f} s.",
        "green",
    )


def _short(path: Any) -> Any:
    from pathlib import Path

    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
