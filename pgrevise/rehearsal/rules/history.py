"""Rules about several revisions together."""

from __future__ import annotations

from collections.abc import Iterator

from pgrevise.rehearsal.facts import AtOnce
from pgrevise.rehearsal.rules.registry import Hit, rule

_MOST_TOLD = 5


@rule(
    "error",
    means="Applied in one run the revisions fail, or give another schema than one by one.",
    hurts="A database that catches up in one deploy, as a new developer's or a restored one does, "
    "is not the database that got the revisions as they were written. The difference is found much "
    "later, by a revision that fails in one of the two.",
    instead="Let no revision depend on what an earlier one left in the session or in memory: use "
    "SET LOCAL, name the schema, create a type where it is first used and nowhere else. Let each "
    "run in a transaction of its own (transaction_per_migration=True in env.py).",
    manual="SET",
    about=AtOnce,
)
def stepwise_differs(seen: AtOnce) -> Iterator[Hit]:
    """Compares the end of both ways, or tells where the run stopped."""
    if seen.error:
        words = (
            f"Each revision works alone, but applied in one run {seen.revision.identifier} fails"
        )
        yield Hit("upgrade", seen.error_line, f"{words}: {seen.error.rstrip('.')}.")
    elif seen.changes:
        told = "; ".join(change.sentence for change in seen.changes[:_MOST_TOLD])
        left = len(seen.changes) - _MOST_TOLD
        more = f"; and {left} more" if left > 0 else ""
        words = "Applied in one run, the schema is not what it is step by step"
        yield Hit("upgrade", 0, f"{words}: {told}{more}.")
