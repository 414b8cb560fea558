"""The status of a database, as `db.status` tells it to people and to programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pgrevise.report.output import Output
    from pgrevise.rollout.status import Status


def print_status(output: Output, found: Status) -> None:
    """Print the status: what needs somebody's hand in yellow, with what to do."""
    output.document(_document(found))
    at = ", ".join(named.revision for named in found.stamped) or "base"
    output.line(f"{found.database} (PostgreSQL {found.server}) is at {at}", "bold")
    for named in found.stamped:
        if named.subject:
            output.line(f"  {named.subject}")
    for revision in found.unknown:
        output.line(f"Not in this checkout: {revision}; it may live on another branch.", "yellow")
    if found.pending:
        output.line(f"{len(found.pending)} pending:")
        for named in found.pending:
            output.line(f"  {named.revision}  {named.subject}")
    else:
        output.line("Nothing is pending.")
    if found.runner:
        output.line(f"Being migrated right now by {found.runner}.", "yellow")
    for invalid in found.invalid_indexes:
        output.line(
            f"Invalid index: {invalid.name} of {invalid.table}; building it failed, and no query "
            "uses it.",
            "yellow",
        )
    _say_what_next(output, found)


def _say_what_next(output: Output, found: Status) -> None:
    if found.pending and not found.unknown and not found.runner:
        output.say("Apply them with: invoke db.upgrade")
    if found.invalid_indexes:
        output.say(
            "Build it again with the revision that failed (invoke db.upgrade), or drop it with: "
            "DROP INDEX CONCURRENTLY"
        )


def _document(found: Status) -> dict[str, object]:
    return {
        "database": found.database,
        "origin": found.origin,
        "server": found.server,
        "at_head": found.is_at_head,
        "stamped": [named._asdict() for named in found.stamped],
        "unknown": found.unknown,
        "pending": [named._asdict() for named in found.pending],
        "runner": found.runner,
        "invalid_indexes": [invalid._asdict() for invalid in found.invalid_indexes],
    }
