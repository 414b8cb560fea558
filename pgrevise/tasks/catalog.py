"""The ``db`` tasks that rest on comparing catalogs: drift and squash. Parse, call, print."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from invoke.context import Context
from invoke.exceptions import Exit

from pgrevise.errors import EXIT_FINDINGS
from pgrevise.tasks.door import JSON, URL, command, database, project, words

if TYPE_CHECKING:
    from pgrevise.authoring.squash import Squashed
    from pgrevise.report.output import Output


@command(
    help={
        "url": URL,
        "schema": "the schema with the history's tables (default: the first on the search path)",
        "revision": "compare with this revision instead of the one the database is stamped with",
        "privileges": "what is granted and revoked counts (default: it does)",
        "json": JSON,
    }
)
def drift(
    _: Context,
    url: str = "",
    schema: str = "",
    revision: str = "",
    privileges: bool = True,
    json: bool = False,
) -> None:
    """Compare a live database with its history, read-only; exit 1 and say what differs."""
    from pgrevise.authoring import drift as act

    with database(url, json) as (settings, output, target):
        output.say(f"{target.display} (from {target.origin})", "dim")
        with output.working("building the history beside it"):
            found = act.drift(
                settings,
                target,
                schema=schema or None,
                revision=revision or None,
                privileges=privileges,
                progress=output.say,
            )
        output.document(
            {
                "equal": not found.changes,
                "database": found.database,
                "origin": found.origin,
                "server": found.server,
                "schemas": found.schemas,
                "stamped": found.stamped,
                "differences": [{"sentence": c.sentence, "change": c} for c in found.changes],
            }
        )
        at = words(found.stamped)
        if not found.changes:
            output.line(f"{found.database} is what its history says at {at}.", "green")
            return
        output.line(f"{found.database} is not what its history says at {at}:", "red")
        for change in found.changes:
            output.line(f"  {change.sentence}")
        output.say("Put it right there, or write a revision that says what is there.")
        if found.is_about_privileges:
            output.say("Where the history grants nothing, leave them out: --no-privileges")
        raise Exit(code=EXIT_FINDINGS)


@command(
    help={
        "to": "the last revision to squash (default: head)",
        "yes": "revisions that write data may go too",
        "check": "prove that it can be done, and change nothing",
        "json": JSON,
    }
)
def squash(
    _: Context, to: str = "", yes: bool = False, check: bool = False, json: bool = False
) -> None:
    """Put one baseline revision, proved equal, in the place of the history up to a revision."""
    from pgrevise.authoring import squash as act

    with project(json) as (settings, output):
        with output.working("proving the baseline"):
            done = act.squash(settings, to or None, confirmed=yes, check=check, progress=output.say)
        output.document(done)
        _tell_data(output, done)
        if done.differences:
            output.line(f"The baseline for {done.revision} would not be the same:", "red")
            for sentence in done.differences:
                output.line(f"  {sentence}")
            output.say("Nothing was changed.")
            raise Exit(code=EXIT_FINDINGS)
        count = len(done.replaces) + 1
        if done.path is not None:
            output.line(os.path.relpath(done.path), "green")
            output.line(
                f"It stands for {count} revisions, whose files are in "
                f"{os.path.relpath(done.archive)}. Catalogs are equal."
            )
            output.say(f"Deploy it when every database is at {done.revision} or later.")
        elif check:
            output.line(f"{count} revisions can become one baseline: {done.revision}.", "green")
        else:
            output.say("Nothing was changed. If what they write may go: --yes")
            raise Exit(code=EXIT_FINDINGS)


def _tell_data(output: Output, done: Squashed) -> None:
    if not done.data:
        return
    output.line("These revisions write data, which the baseline does not:", "yellow")
    for revision in done.data:
        output.line(f"  {revision.revision}  {revision.subject}")
        for line in revision.lines:
            output.line(f"    line {line}")
        if revision.tables:
            output.line(f"    on an empty database it changes: {', '.join(revision.tables)}")
    for table, count in done.lost.items():
        rows = f"{count} row{'s' * (count != 1)}"
        output.line(f"  A fresh database will not have {rows} of {table}.")
