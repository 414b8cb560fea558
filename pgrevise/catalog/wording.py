"""How a difference reads in plain English: facts in, one line out.

Pure text; what counts as a difference is decided in `diff`.
"""

from __future__ import annotations

from pgrevise.catalog.model import Fact

_LONGEST = 160

#: What it means that nothing is said, for the facts where "none" would mislead.
_UNSAID = {
    "collation": "the type's own",
    "compression": "the default",
    "cost": "the default",
    "fires": "normally",
    "parallel": "unsafe",
    "persistence": "permanent",
    "replica identity": "the primary key",
    "rows": "the default",
    "statistics target": "the default",
    "storage": "the type's own",
    "tablespace": "the default",
}


def phrase(kind: str, object_kind: str, name: str, fact: str | None, was: Fact, now: Fact) -> str:
    """Return the sentence for one change, such as "column t.c: type was integer and is bigint"."""
    subject = f"{object_kind} {name}".strip()
    if kind == "added":
        return f"{subject} is new"
    if kind == "removed":
        return f"{subject} is missing"
    if fact == "column order":
        return f"{subject} has columns in another order: {_said(was)} was, {_said(now)} is"
    if isinstance(was, bool) or isinstance(now, bool):
        return f"{subject}: {fact} was {_yes(was)} and is {_yes(now)}"
    if isinstance(was, tuple) or isinstance(now, tuple):
        return f"{subject}: {fact} {_list_change(was, now)}"
    was, now = (_UNSAID.get(fact or "") if value is None else value for value in (was, now))
    if was is None:
        return f"{subject} has a new {fact}: {_said(now)}"
    if now is None:
        return f"{subject} is missing its {fact}: {_said(was)}"
    if isinstance(was, str) and isinstance(now, str) and ("\n" in was or "\n" in now):
        return f"{subject}: {fact} {_text_change(was, now)}"
    return f"{subject}: {fact} was {_said(was)} and is {_said(now)}"


def _yes(value: Fact) -> str:
    return "yes" if value else "no"


def _said(value: Fact) -> str:
    text = ", ".join(value) if isinstance(value, tuple) else str(value)
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _list_change(was: Fact, now: Fact) -> str:
    old = was if isinstance(was, tuple) else ()
    new = now if isinstance(now, tuple) else ()
    lost = [item for item in old if item not in new]
    gained = [item for item in new if item not in old]
    parts = []
    if lost:
        parts.append(f"lost {_said(tuple(lost))}")
    if gained:
        parts.append(f"gained {_said(tuple(gained))}")
    if [item for item in old if item in new] != [item for item in new if item in old] or not parts:
        parts.append(f"are in another order: {_said(old)} was, {_said(new)} is")
    return "; ".join(parts)


def _text_change(was: str, now: str) -> str:
    """Name the first line that differs: a body is too long to show twice."""
    old, new = was.splitlines(), now.splitlines()
    number = 0
    while number < min(len(old), len(new)) and old[number] == new[number]:
        number += 1
    gone = _said(old[number]) if number < len(old) else "the end"
    come = _said(new[number]) if number < len(new) else "the end"
    return f"differs from line {number + 1}: was {gone} and is {come}"
