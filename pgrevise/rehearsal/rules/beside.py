"""The rules about what a revision does beside Alembic's connection, where nobody sees it."""

from __future__ import annotations

from collections.abc import Iterator

from pgrevise.rehearsal.facts import Observed
from pgrevise.rehearsal.rules.common import function_line
from pgrevise.rehearsal.rules.registry import Hit, rule


@rule(
    "warning",
    means="The revision opens a connection of its own, beside SQLAlchemy.",
    hurts="What happens there is not part of the revision's transaction: it stays when the "
    "revision fails, it waits for the locks of the revision itself, and it may go to "
    "another server than the one that is migrated. This report does not see it either.",
    instead="Use the connection that Alembic gives: op.get_bind(), or op.execute().",
)
def unseen_sessions(seen: Observed) -> Iterator[Hit]:
    """Sessions whose statements could not be observed."""
    for passage in seen.passages():
        if passage.unseen_sessions:
            count = passage.unseen_sessions
            how = "a session" if count == 1 else f"{count} sessions"
            line = function_line(seen.revision.source, passage.direction)
            said = f"{passage.direction}() opened {how} beside SQLAlchemy; what happened there was "
            yield Hit(passage.direction, line, f"{said}not seen.")


@rule(
    "warning",
    means="A thread of the revision still runs when the revision is done.",
    hurts="The runner commits and exits without waiting for it: what it does may be lost, or come "
    "after the next revision.",
    instead="Do it in the revision itself, one thing after the other, or join the thread.",
)
def thread_left_running(seen: Observed) -> Iterator[Hit]:
    """Threads that outlive their passage."""
    for passage in seen.passages():
        if passage.threads:
            how = "a thread" if passage.threads == 1 else f"{passage.threads} threads"
            line = function_line(seen.revision.source, passage.direction)
            yield Hit(passage.direction, line, f"{passage.direction}() left {how} running.")
