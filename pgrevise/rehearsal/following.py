"""What follows from how passages went: which are not tried, and where the next one begins. Pure."""

from __future__ import annotations

from pgrevise.rehearsal.facts import Direction, Observed, Passage


def skipped(direction: Direction, because: Passage) -> Passage:
    """A passage that was not tried because of an earlier one."""
    what = "upgrade" if because.direction == "upgrade" else "downgrade"
    words = {
        "failed": f"the {what} failed",
        "hung": f"the {what} did not come to its end",
        "refused": "the downgrade raises on purpose",
        "skipped": because.error,
    }
    return Passage(direction, "skipped", words.get(because.outcome, ""))


def left_nothing(observed: Observed) -> bool:
    """Whether up, down and up again is the same as up: then the next revision may follow."""
    passages = (observed.upgrade, observed.downgrade, observed.second_upgrade)
    if any(p.outcome != "done" or p.unseen_sessions or p.threads for p in passages):
        return False
    if observed.differences or observed.second_differences:
        return False
    return not any(
        (statement.written and any(not w.relation.is_new for w in statement.written))
        or any(not rewrite.reason for rewrite in statement.rewrites)
        for passage in passages
        for statement in passage.statements
        if not statement.is_foreign
    )
