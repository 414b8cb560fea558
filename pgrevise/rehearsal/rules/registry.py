"""How a rule is written down, found and called. No rule is here.

@rule(
    "error",
    means="An index is created while writes wait.",
    hurts="…",
    instead="…",
)
def index_blocks_writes(seen: Observed) -> Iterator[Hit]:
    for passage in seen.passages(): ...
        yield Hit(passage.direction, statement.line, "…", relation="queue_jobs")
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, TypeVar

from pgrevise.rehearsal.facts import SEVERITIES, AtOnce, Direction, Finding, Observed, Severity


@dataclass(frozen=True)
class Hit:
    """One place where a rule does not hold; ``advice`` when it can say more than the rule does."""

    direction: Direction
    line: int
    sentence: str
    relation: str = ""
    advice: str = ""
    severity: Severity | None = None


Judge = Callable[[Any], Iterator[Hit]]
Judged = TypeVar("Judged", bound=Judge)


@dataclass(frozen=True)
class Rule:
    """A rule: ``means`` is one sentence, ``hurts`` why it matters on a busy server, ``instead``
    what to write, ``manual`` the section of PostgreSQL's manual that it rests on. ``since`` and
    ``until`` bound the major versions that it is about, ``about`` is what its function takes.
    ``by_trial`` when it speaks of a trial with rows, which depends on what was asked for.
    """

    identifier: str
    severity: Severity
    means: str
    hurts: str
    instead: str
    manual: str
    judge: Judge
    since: int = 14
    until: int = 99
    about: type[Observed] | type[AtOnce] = Observed
    by_trial: bool = False


_RULES: dict[str, Rule] = {}


def rule(
    severity: Severity,
    *,
    means: str,
    hurts: str,
    instead: str,
    manual: str = "",
    since: int = 14,
    until: int = 99,
    about: type[Observed] | type[AtOnce] = Observed,
    by_trial: bool = False,
) -> Callable[[Judged], Judged]:
    """Make a rule of a function; its name is the rule's identifier, ``about`` what it is given."""

    def made(judge: Judged) -> Judged:
        identifier = judge.__name__.replace("_", "-")
        if identifier in _RULES:
            raise ValueError(f"there are two rules {identifier}")
        _RULES[identifier] = Rule(
            identifier,
            severity,
            means,
            hurts,
            instead,
            manual,
            judge,
            since,
            until,
            about,
            by_trial,
        )
        return judge

    return made


def rules() -> dict[str, Rule]:
    """Every rule by its identifier, sorted."""
    _find_modules()
    return dict(sorted(_RULES.items()))


@cache
def _find_modules() -> None:
    """Import what has rules, once."""
    package = import_module("pgrevise.rehearsal.rules")
    for module in iter_modules(package.__path__):
        import_module(f"{package.__name__}.{module.name}")


def judge(seen: Observed | AtOnce) -> list[Finding]:
    """What all rules find in what was seen, by line; nothing is allowed yet (see `allow`).

    On the way down a finding is one step less severe: a downgrade is rarely run in traffic.
    """
    found = []
    for record in rules().values():
        if not isinstance(seen, record.about):
            continue
        if not record.since <= seen.server <= record.until:
            continue
        for hit in record.judge(seen):
            severity = hit.severity or record.severity
            if hit.direction == "downgrade" and hit.severity is None:
                severity = SEVERITIES[max(0, SEVERITIES.index(severity) - 1)]
            found.append(
                Finding(
                    rule=record.identifier,
                    severity=severity,
                    revision=seen.revision.identifier,
                    direction=hit.direction,
                    file=seen.revision.file,
                    line=hit.line,
                    sentence=hit.sentence,
                    advice=hit.advice or record.instead,
                    relation=hit.relation,
                )
            )
    return sorted(found, key=lambda f: (f.direction != "upgrade", f.line, f.rule, f.sentence))
