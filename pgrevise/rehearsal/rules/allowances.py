"""The rules about allowances themselves: an exception that nobody can follow is no exception.

How they are read, and how they let findings pass, is in `pgrevise.rehearsal.allow`.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from pgrevise.rehearsal.allow import allowances_in
from pgrevise.rehearsal.facts import Observed
from pgrevise.rehearsal.rules.registry import Hit, rule, rules


@rule(
    "warning",
    means="A comment allows a rule to be broken and gives no reason.",
    hurts="Whoever reads it later cannot tell whether it still holds, so it lets nothing pass.",
    instead="Give the reason after two dashes: # pgrevise: allow RULE -- reason",
)
def allowance_without_reason(seen: Observed) -> Iterator[Hit]:
    """An allowance without a reason."""
    for allowance in allowances_in(seen.revision):
        if not allowance.reason:
            names = ", ".join(allowance.rules)
            yield Hit("upgrade", allowance.line, f"{names} is allowed without a reason.")


@rule(
    "warning",
    means="A comment allows a rule that does not exist.",
    hurts="It is misspelt or was renamed, so it lets nothing pass.",
    instead="Write the rule's name as the report does, or take the comment away.",
)
def allowance_unknown(seen: Observed) -> Iterator[Hit]:
    """An allowance of a rule that does not exist."""
    known = rules()
    for allowance in allowances_in(seen.revision):
        for name in allowance.rules:
            if name not in known:
                near = get_close_matches(name, known, n=1)
                advice = f"The nearest rule is {near[0]}." if near else ""
                yield Hit(
                    "upgrade", allowance.line, f"{name} is allowed, and is no rule.", advice=advice
                )


@rule(
    "info",
    means="A comment allows a rule that was not broken there.",
    hurts="It hides the next thing that goes wrong at this place.",
    instead="Take the comment away, or move it to the statement that it is about.",
)
def allowance_unused(seen: Observed) -> Iterator[Hit]:
    """An allowance that nothing was found for: told by `allow.allowed`, when all are judged."""
    del seen
    yield from ()
