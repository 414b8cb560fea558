"""What became of a revision, in one word for each passage and one sentence for people. Pure.

The rules that speak of outcomes (`rules.outcome`) stand on this; how a verdict is shown is
`pgrevise.report`'s.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pgrevise.catalog import COLUMN_ORDER, Change
from pgrevise.rehearsal.facts import (
    DowngradeVerdict,
    Observed,
    Passage,
    RowsVerdict,
    SecondVerdict,
    UpgradeVerdict,
    Verdict,
)
from pgrevise.rehearsal.trial.facts import Trial

#: So many differences are told one by one.
SHOWN = 12

_UPGRADE_WORDS: dict[UpgradeVerdict, str] = {
    "works": "The upgrade works",
    "fails": "The upgrade fails",
    "hangs": "The upgrade hangs",
    "not tried": "The upgrade was not tried",
}
_DOWNGRADE_WORDS: dict[DowngradeVerdict, str] = {
    "restores": "the downgrade restores the schema",
    "raises on purpose": "the downgrade refuses",
    "fails": "the downgrade fails",
    "hangs": "the downgrade hangs",
    "leaves a different schema": "the downgrade leaves a different schema",
    "is empty": "the downgrade does nothing",
    "differs in column order only": "the downgrade restores all but the order of columns",
    "leaves what PostgreSQL cannot undo": "the downgrade restores all but what cannot be undone",
    "not tried": "the downgrade was not tried",
}
_SECOND_WORDS: dict[SecondVerdict, str] = {
    "same": "a second upgrade gives the same",
    "differs": "a second upgrade gives something else",
    "fails": "a second upgrade fails",
    "hangs": "a second upgrade hangs",
    "not tried": "a second upgrade was not tried",
}
_ROWS_WORDS: dict[RowsVerdict, str] = {
    "changes values": "With rows there, up and down change values.",
    "loses values": "With rows there, values are lost.",
    "fails": "With rows there, the upgrade fails.",
    "hangs": "With rows there, the upgrade hangs.",
    "downgrade fails": "With rows there, the downgrade fails.",
    "downgrade hangs": "With rows there, the downgrade hangs.",
}
_IF_NOT_EXISTS = re.compile(r"\s*CREATE\s+EXTENSION\s+IF\s+NOT\s+EXISTS\b", re.IGNORECASE)


def verdict_of(observed: Observed) -> Verdict:
    """What is said of a revision that was run up, down and up again, and with rows."""
    upgrade = _of_upgrade(observed.upgrade)
    downgrade = _of_downgrade(observed) if upgrade == "works" else "not tried"
    second = _of_second(observed) if upgrade == "works" else "not tried"
    with_rows = _with_rows(observed.trial)
    words = _words(observed, upgrade, downgrade, second)
    return Verdict(
        upgrade,
        downgrade,
        second,
        tuple(change.sentence for change in observed.differences),
        " ".join((words, *_words_with_rows(observed.trial, with_rows))),
        with_rows,
    )


def cannot_be_undone(observed: Observed, change: Change) -> bool:
    """Whether what a downgrade left is what PostgreSQL has no way back from, or a wise choice.

    The labels that an enum gained cannot be taken away (manual: ALTER TYPE), nor an extension's
    version be turned back where it has no script for that. An extension that was asked for with
    IF NOT EXISTS may be somebody else's: leaving it is right.
    """
    if change.object_kind == "enum" and change.fact == "labels":
        was, now = change.was or (), change.now or ()
        if not isinstance(was, tuple) or not isinstance(now, tuple):
            return False
        return [label for label in now if label in was] == list(was)
    if change.object_kind == "extension":
        return change.fact == "version" or (change.kind == "added" and _was_careful(observed))
    return False


def is_order_of_columns(change: Change) -> bool:
    """Whether a difference is about the order of columns alone."""
    return change.fact == COLUMN_ORDER


def did_nothing(passage: Passage) -> bool:
    """Whether the revision's own code executed no statement, as far as could be seen."""
    return not passage.unseen_sessions and all(s.is_foreign for s in passage.statements)


def rows_written(passage: Passage) -> int:
    """How many rows the revision's own statements wrote."""
    return sum(
        written.inserted + written.updated + written.deleted
        for statement in passage.statements
        if not statement.is_foreign
        for written in statement.written
    )


def sentences(changes: Iterable[Change]) -> str:
    """Up to a dozen differences in one line."""
    said = [change.sentence for change in changes]
    more = f"; and {len(said) - SHOWN} more" if len(said) > SHOWN else ""
    return "; ".join(said[:SHOWN]) + more


def _was_careful(observed: Observed) -> bool:
    return any(_IF_NOT_EXISTS.match(statement.sql) for statement in observed.upgrade.statements)


def _of_upgrade(passage: Passage) -> UpgradeVerdict:
    if passage.outcome in ("done", "skipped"):
        return "works" if passage.outcome == "done" else "not tried"
    return "hangs" if passage.outcome == "hung" else "fails"


def _of_downgrade(observed: Observed) -> DowngradeVerdict:
    outcome = observed.downgrade.outcome
    if outcome == "refused":
        return "raises on purpose"
    if outcome == "failed":
        return "fails"
    if outcome == "hung":
        return "hangs"
    return "not tried" if outcome == "skipped" else _of_what_is_left(observed)


def _of_what_is_left(observed: Observed) -> DowngradeVerdict:
    left = [change for change in observed.differences if not is_order_of_columns(change)]
    if left and all(cannot_be_undone(observed, change) for change in left):
        return "leaves what PostgreSQL cannot undo"
    did_something = bool(observed.changes) or rows_written(observed.upgrade) > 0
    if did_something and did_nothing(observed.downgrade):
        return "is empty"
    if left:
        return "leaves a different schema"
    return "differs in column order only" if observed.differences else "restores"


def _of_second(observed: Observed) -> SecondVerdict:
    outcome = observed.second_upgrade.outcome
    if outcome == "done":
        return "differs" if observed.second_differences else "same"
    if outcome == "hung":
        return "hangs"
    return "not tried" if outcome == "skipped" else "fails"


def _with_rows(trial: Trial | None) -> RowsVerdict:
    """What became of it with rows; a downgrade that refuses leaves the upgrade to be judged."""
    if trial is None or not trial.filled or trial.upgrade.outcome == "skipped":
        return "not tried"
    if trial.upgrade.outcome != "done":
        return "hangs" if trial.upgrade.outcome == "hung" else "fails"
    if trial.downgrade.outcome in ("failed", "hung"):
        return "downgrade hangs" if trial.downgrade.outcome == "hung" else "downgrade fails"
    is_back = trial.downgrade.outcome == "done"
    damages = {loss.damage for loss in trial.losses if loss.at == "downgrade" or not is_back}
    if damages & {"lost", "rows lost"}:
        return "loses values"
    if damages:
        return "changes values"
    return "keeps every value" if is_back else "works"


def _words_with_rows(trial: Trial | None, with_rows: RowsVerdict) -> Iterator[str]:
    """What rows and released code made of it, where that is anything to look at."""
    if with_rows in _ROWS_WORDS:
        yield _ROWS_WORDS[with_rows]
    if trial is not None and trial.released is not None and trial.released.broken:
        yield "Released code breaks on the new schema."


def _words(
    observed: Observed, upgrade: UpgradeVerdict, downgrade: DowngradeVerdict, second: SecondVerdict
) -> str:
    if upgrade != "works":
        return f"{_UPGRADE_WORDS[upgrade]}{_because(observed.upgrade)}."
    if downgrade in ("fails", "hangs", "raises on purpose", "not tried"):
        told = f"{_DOWNGRADE_WORDS[downgrade]}{_because(observed.downgrade)}"
        return f"{_UPGRADE_WORDS[upgrade]}; {told}."
    joint = "but" if downgrade == "restores" and second != "same" else "and"
    return (
        f"{_UPGRADE_WORDS[upgrade]}, {_DOWNGRADE_WORDS[downgrade]}, "
        f"{joint} {_SECOND_WORDS[second]}{_because(observed.second_upgrade)}."
    )


def _because(passage: Passage) -> str:
    reason = " ".join(passage.error.split()).rstrip(".")
    return f": {reason}" if reason else ""
