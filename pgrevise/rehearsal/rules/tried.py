"""What a trial with rows has shown, for the rules of every subject. No rule is here. Pure.

A trial is evidence, and the rules about it (`trials`) speak of what it showed. Rules that reason
from the schema say what no trial can show, and leave out the rest, so that nothing is said twice:

- That a statement *may fail* on rows (`unique_may_fail`, `not_null_may_fail`, `type_narrowed`) is
  not said when it did: then `fails_on_existing_rows` speaks. Where the project allows the former,
  with its reason, that holds for the rows of a trial too, and the former speaks.
- That values are *lost* (`column_dropped`, `table_dropped`) is left to `undocumented_loss` when
  the trial saw them lost; what remains is said of released code.
- That *released code fails* is always said where the schema tells, whatever options were given, so
  that an allowance is as good with them as without. What released code was seen to do is said by
  `breaks_released_code` besides.
"""

from __future__ import annotations

from collections.abc import Iterator

from pgrevise.catalog.keys import column_name
from pgrevise.rehearsal.allow import allowances_in
from pgrevise.rehearsal.facts import Direction, Observed, Passage, Statement
from pgrevise.rehearsal.rules.common import bare, column_changes, function_line, mentions
from pgrevise.rehearsal.trial.facts import Loss

#: SQLSTATE of what rows make fail, by the rule that says it may happen. 22 are wrong data.
_MAY_FAIL = {
    "unique-may-fail": ("23505",),
    "not-null-may-fail": ("23502",),
    "type-narrowed": ("22",),
}


def failing(seen: Observed, direction: Direction) -> Passage | None:
    """The passage of the trial that did not end well with rows, and did without; or None."""
    if seen.trial is None:
        return None
    is_up = direction == "upgrade"
    empty, filled = (
        (seen.upgrade, seen.trial.upgrade) if is_up else (seen.downgrade, seen.trial.downgrade)
    )
    is_news = empty.outcome == "done" and filled.outcome in ("failed", "hung")
    return filled if is_news else None


def refused(passage: Passage) -> Statement | None:
    """The statement that failed, if it was one."""
    return next((s for s in reversed(passage.statements) if s.error), None)


def line_of(seen: Observed, passage: Passage) -> int:
    """Where a passage of a trial failed."""
    statement = refused(passage)
    name = "upgrade" if passage.direction == "upgrade" else "downgrade"
    at = passage.error_line or (statement.line if statement else 0)
    return at or function_line(seen.revision.source, name)


def may_fail(passage: Passage) -> str:
    """The rule that says of such a statement that it may fail, "" when there is none."""
    statement = refused(passage)
    state = statement.sqlstate if statement else ""
    return next((rule for rule, states in _MAY_FAIL.items() if state.startswith(states)), "")


def depends_on_values(seen: Observed, passage: Passage) -> bool:
    """Whether other rows would have passed: they hold what the schema allows, not what is there.

    A statement about a column that the revision itself adds fails on every row.
    """
    statement = refused(passage)
    if statement is None or not statement.sqlstate.startswith(("22", "23")):
        return False
    new = (change.name for change in column_changes(seen, "added"))
    return not any(mentions(statement.sql, bare(name)) for name in new)


def is_allowed(seen: Observed, passage: Passage) -> bool:
    """Whether the project said why this cannot happen to its own rows."""
    rule, line = may_fail(passage), line_of(seen, passage)
    return any(
        allowance.reason
        and rule in allowance.rules
        and (allowance.lines is None or line in allowance.lines)
        for allowance in allowances_in(seen.revision)
    )


def is_proved(seen: Observed, rule: str, line: int) -> bool:
    """Whether what a rule says may fail there did fail with rows, so that it need not say it."""
    passage = failing(seen, "upgrade")
    if passage is None or may_fail(passage) != rule or line_of(seen, passage) != line:
        return False
    return not is_allowed(seen, passage)


def has_failed(seen: Observed, line: int) -> bool:
    """Whether the upgrade failed with rows at this line."""
    passage = failing(seen, "upgrade")
    return passage is not None and line_of(seen, passage) == line


def lost(seen: Observed) -> tuple[Loss, ...]:
    """Values and rows that a trial saw lost for good, each once, where it was seen first."""
    return tuple(
        loss
        for loss in _first_seen(seen)
        if loss.damage in ("lost", "rows lost") and not is_brought_back(seen, loss)
    )


def changed(seen: Observed) -> tuple[Loss, ...]:
    """Values and rows that were others, or away for a while; what is lost is not among them."""
    gone = lost(seen)
    return tuple(
        loss for loss in _first_seen(seen) if loss.damage != "rows added" and loss not in gone
    )


def is_brought_back(seen: Observed, loss: Loss) -> bool:
    """Whether what the upgrade did to values was undone by the downgrade, as far as was seen."""
    if loss.at != "upgrade" or seen.trial is None or seen.trial.downgrade.outcome != "done":
        return False
    return not any(
        other.at == "downgrade" and (other.table, other.column) == (loss.table, loss.column)
        for other in seen.trial.losses
        if other.damage != "rows added"
    )


def _first_seen(seen: Observed) -> Iterator[Loss]:
    """Each column, and the rows of each table, once: as the upgrade left it if that did it."""
    told = set()
    losses = seen.trial.losses if seen.trial else ()
    for loss in sorted(losses, key=lambda loss: loss.at != "upgrade"):
        place = (loss.table, loss.column, loss.damage == "rows added")
        if place not in told:
            told.add(place)
            yield loss


def is_lost(seen: Observed, table: str, column: str = "") -> bool:
    """Whether a trial saw values of a column, or rows of a table, lost; as a catalog names them."""
    wanted = (table, bare(column) if column else "")
    return any((loss.table, loss.column) == wanted for loss in lost(seen))


def is_there(seen: Observed, loss: Loss) -> bool:
    """Whether the table, and the column, is there after the upgrade."""
    if seen.after is None:
        return False
    if loss.column:
        return seen.after.get("column", column_name(loss.table, loss.column)) is not None
    return seen.after.get("table", loss.table) is not None
