"""What is broken: worked at the parent and fails after the upgrade. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from pgrevise.rehearsal.trial.facts import Broken, Operation, Released


@dataclass(frozen=True)
class Tried:
    """What came of one operation of one class; ``error`` is "" when it worked.

    ``is_touched`` when the revision touches its table; ``is_tried`` is False for an operation that
    came to nothing for another reason, which ``error`` is then.
    """

    mapped: str
    table: str
    operation: Operation
    error: str = ""
    sqlstate: str = ""
    is_touched: bool = True
    is_tried: bool = True


def tried(answers: Iterable[Mapping[str, Any]]) -> list[Tried]:
    """The script's answers as data."""
    return [Tried(**answer) for answer in answers]


def released(
    reference: str, commit: str, parent: Sequence[Tried], upgraded: Sequence[Tried]
) -> Released:
    """What is said: ``parent`` are those that did not work there, ``upgraded`` the others."""
    done = [one for one in upgraded if one.is_tried]
    return Released(
        reference=reference,
        commit=commit,
        classes=len({one.mapped for one in done}),
        operations=len(done),
        broken=tuple(
            Broken(one.mapped, one.table, one.operation, one.error, one.sqlstate)
            for one in sorted(done, key=lambda one: (one.mapped, _place(one)))
            if one.error
        ),
        untried=(
            *_untried([one for one in parent if one.is_touched], "at the parent already"),
            *_untried([one for one in upgraded if not one.is_tried], "after the upgrade"),
            *_elsewhere([one for one in parent if not one.is_touched]),
        ),
    )


def _untried(found: Sequence[Tried], when: str) -> Iterator[str]:
    """One sentence for each class and reason."""
    grouped: dict[tuple[str, str], list[Tried]] = {}
    for one in sorted(found, key=lambda one: (one.mapped, _place(one))):
        grouped.setdefault((one.mapped, one.error), []).append(one)
    for (mapped, reason), ones in grouped.items():
        *others, last = [one.operation for one in ones]
        operations = f"{', '.join(others)} and {last}" if others else last
        yield f"{mapped}: {operations} could not be tried {when}: {reason}."


def _elsewhere(found: Sequence[Tried]) -> Iterator[str]:
    """Classes of other tables, in one sentence: code may be far from an old revision."""
    ordered = sorted(found, key=lambda one: one.mapped)
    if ordered:
        first, more = ordered[0], len(ordered) - 1
        named = f"{first.mapped} and {more} more of other tables" if more else first.mapped
        yield f"{named}: select could not be tried at the parent already: {first.error}."


def _place(one: Tried) -> int:
    return get_args(Operation).index(one.operation)
