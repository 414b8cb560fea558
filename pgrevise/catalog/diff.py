"""What differs between two catalogs, as data.

Pure: two catalogs in, a list of changes out. How a change reads as a sentence is in `wording`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pgrevise.catalog.model import Address, Catalog, Entry, Fact
from pgrevise.catalog.wording import phrase

COLUMN_ORDER = "column order"


@dataclass(frozen=True)
class Change:
    """One difference: of which object, in which fact, what it was and what it is.

    ``kind`` is "added", "removed" or "changed". For the first two ``fact``, ``was`` and ``now``
    are None, and the object stands for all that came or went with it. For "changed", None means
    that nothing is said: no, none, the default. ``fact`` is "column order" when the columns that
    both have stand in another order; that fact is never mixed with another.
    """

    kind: Literal["added", "removed", "changed"]
    object_kind: str
    name: str
    fact: str | None = None
    was: Fact = None
    now: Fact = None

    @property
    def sentence(self) -> str:
        """The change in plain English, on one line."""
        return phrase(self.kind, self.object_kind, self.name, self.fact, self.was, self.now)


def diff(before: Catalog, after: Catalog) -> list[Change]:
    """Return every difference, sorted by the object's kind and name.

    The list is empty exactly when the catalogs are equal. An object that came or went together
    with its parent (the columns of a new table) is not listed again.
    """
    old, new = before.by_address, after.by_address
    # What is the same object in memory is passed over: most of what a tracker gives is.
    touched = {address for address, entry in new.items() if old.get(address) is not entry}
    changes: list[Change] = []
    for address in sorted(touched | (old.keys() - new.keys())):
        if address not in new:
            if not _went_with_parent(old[address], old, new):
                changes.append(Change("removed", *address))
        elif address not in old:
            if not _went_with_parent(new[address], new, old):
                changes.append(Change("added", *address))
        else:
            changes.extend(_changed(old[address], new[address]))
    return changes


def _went_with_parent(
    entry: Entry, here: Mapping[Address, Entry], there: Mapping[Address, Entry]
) -> bool:
    return entry.parent is not None and entry.parent in here and entry.parent not in there


def _changed(old: Entry, new: Entry) -> list[Change]:
    changes = []
    for fact in sorted(old.facts.keys() | new.facts.keys()):
        was, now = old.facts.get(fact), new.facts.get(fact)
        if was == now:
            continue
        if fact == "columns" and isinstance(was, tuple | None) and isinstance(now, tuple | None):
            if _reordered(was or (), now or ()):
                changes.append(Change("changed", *old.address, COLUMN_ORDER, was, now))
        else:
            changes.append(Change("changed", *old.address, fact, was, now))
    return changes


def _reordered(was: tuple[str, ...], now: tuple[str, ...]) -> bool:
    """Whether the columns that both have stand in another order; new and lost ones do not count."""
    return [name for name in was if name in now] != [name for name in now if name in was]
