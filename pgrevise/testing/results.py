"""What a walk over the history has seen: data only."""

from __future__ import annotations

from dataclasses import dataclass, field

from pgrevise.catalog import Catalog, Change


@dataclass(frozen=True)
class Wrong:
    """What is wrong with one revision: differences of the catalog, or the words of an error.

    ``revisions`` has more than one where branches do not let them be told apart.
    """

    revisions: tuple[str, ...]
    changes: tuple[Change, ...] = ()
    error: str = ""


@dataclass
class Walk:
    """What was seen on the way; empty lists where everything was as it should be.

    ``stopped`` says why the first way up did not reach head, and then nothing else was looked at.
    ``looked_at_all`` is False when so many downgrades are wrong that older ones were left out.
    """

    order: list[str] = field(default_factory=list)
    subjects: dict[str, str] = field(default_factory=dict)
    stopped: str = ""
    head: Catalog | None = None
    repeated: tuple[str, ...] = ()
    repeat_changes: list[Change] = field(default_factory=list)
    downgrades: list[Wrong] = field(default_factory=list)
    looked_at_all: bool = True
    leftovers: list[Change] = field(default_factory=list)
    again: list[Wrong] = field(default_factory=list)
    one_by_one: list[Wrong] = field(default_factory=list)
