"""Which revisions to rehearse: those of the branch, those pending somewhere, or those named.

Reads git and, when it is asked for, the version table of a database; runs and changes nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import psycopg

from pgrevise.errors import HistoryConflict, UsageError
from pgrevise.history.state import stamped_revisions
from pgrevise.postgres.connect import connect
from pgrevise.postgres.target import Target
from pgrevise.queries import load
from pgrevise.rehearsal.branch import branch, is_shallow
from pgrevise.rehearsal.options import Options
from pgrevise.rehearsal.protocol import History, Node, Place, Setup
from pgrevise.rehearsal.workshop.process import Worker
from pgrevise.settings import Settings

_RANGE = re.compile(r"^(?P<first>[^:.]*)(?::|\.\.)(?P<last>[^:.]*)$")
_NEWEST = re.compile(r"^-(\d+)$")
_SEE = "See the history with: invoke db.history."


@dataclass(frozen=True)
class Selection:
    """The revisions to rehearse, from base to head; ``words`` say which they are and why."""

    revisions: tuple[str, ...]
    words: str


def read_history(settings: Settings, options: Options | None = None) -> History:
    """The project's history, read in a process of its own, which then ends.

    Raises `HistoryConflict` when a revision cannot be loaded, or two do not fit together.
    """
    given = options or Options()
    nowhere = Place("/nonexistent", "5432", "postgres", "pgrevise_rehearsal")
    with Worker(Setup(settings, nowhere, given.set_, given.driver, given.x)) as worker:
        return worker.history


def select(
    settings: Settings,
    *,
    wanted: str = "",
    url_target: Target | None = None,
    everything: bool = False,
    history: History | None = None,
    options: Options | None = None,
) -> Selection:
    """Which revisions are meant.

    ``wanted`` is a revision, the beginning of one, a range ``A:B`` or ``A..B`` with both ends in
    it, ``-3`` for the newest three, ``head`` or ``heads``; several with commas. Without it, those
    pending in ``url_target``; without that, those whose files this branch adds. Raises
    `HistoryConflict` for a revision that is not there, `UsageError` for words that are not clear.
    """
    known = history or read_history(settings, options)
    if not known.nodes:
        raise UsageError(
            "There is no revision to rehearse.", 'Write one with: invoke db.new "describe change"'
        )
    if everything:
        count = len(known.nodes)
        whole = known.ordered({node.revision.identifier for node in known.nodes})
        return Selection(whole, f"all {count} revisions" if count > 1 else "the one revision")
    if wanted.strip():
        return named(known, wanted)
    if url_target is not None:
        return _pending(known, url_target)
    return _of_branch(settings, known)


def named(history: History, wanted: str) -> Selection:
    """The revisions that words name, in the order of the history. Pure."""
    found: set[str] = set()
    parts = [part.strip() for part in wanted.split(",") if part.strip()]
    for part in parts:
        found |= _meant(history, part)
    if not found:
        raise UsageError(f"{wanted!r} names no revision.", f"Name one, A:B, or -3. {_SEE}")
    return Selection(history.ordered(found), f"{_count(found)}: {', '.join(parts)}")


def _meant(history: History, words: str) -> set[str]:
    newest = _NEWEST.match(words)
    if newest:
        everything = [node.revision.identifier for node in history.nodes]
        return set(everything[max(0, len(everything) - int(newest[1])) :])
    if words == "heads":
        return set(history.heads)
    ends = _RANGE.match(words)
    if not ends:
        return {resolve(history, words)}
    last = ends["last"] or "heads"
    lasts = history.heads if last == "heads" else (resolve(history, last),)
    inside = history.ancestors(*lasts) | set(lasts)
    if ends["first"] in ("", "base"):
        return set(inside)
    first = resolve(history, ends["first"])
    if first not in inside:
        raise UsageError(
            f"{first} does not come before {' and '.join(lasts)}.", f"Turn them round. {_SEE}"
        )
    return {one for one in inside if one == first or first in history.ancestors(one)}


def resolve(history: History, words: str) -> str:
    """The revision that an identifier, the beginning of one, a label or ``head`` stands for.

    Raises `HistoryConflict` when there is none or more than one.
    """
    if words == "head":
        heads = history.heads
        if len(heads) > 1:
            raise HistoryConflict(
                f"The history has {len(heads)} heads: {', '.join(heads)}.",
                "Name one of them, or all of them: heads.",
            )
        return heads[0]
    everything = [node.revision.identifier for node in history.nodes]
    if words in everything:
        return words
    labelled = [n.revision.identifier for n in history.nodes if words in n.labels]
    found = labelled or [identifier for identifier in everything if identifier.startswith(words)]
    if not found:
        baseline = next((n for n in history.nodes if words in n.replaces), None)
        if baseline is not None:
            raise HistoryConflict(
                f"Revision {words} was squashed into the baseline {baseline.revision.identifier}.",
                f"Rehearse that one: invoke db.rehearse {baseline.revision.identifier}",
            )
        raise HistoryConflict(
            f"There is no revision {words!r} in this checkout.",
            f"{_SEE} It may live on a branch that is not checked out here.",
        )
    if len(found) > 1:
        raise HistoryConflict(
            f"{words!r} begins {len(found)} revisions: {', '.join(found[:5])}"
            f"{' …' if len(found) > 5 else ''}.",
            "Write more of its digits.",
        )
    return found[0]


def _pending(history: History, target: Target) -> Selection:
    by_identifier = {node.revision.identifier for node in history.nodes}
    with connect(target) as connection:
        connection.execute("SET default_transaction_read_only = on")
        stamped = stamped_revisions(connection) or _stamped_elsewhere(connection, by_identifier)
    for identifier in stamped:
        if identifier not in by_identifier:
            raise _unknown(history, target, identifier)
    applied = history.ancestors(*stamped) | set(stamped)
    pending = history.ordered(by_identifier - applied)
    at = ", ".join(stamped) or "base"
    what = f"{_count(pending)} pending" if pending else "nothing is pending"
    return Selection(pending, f"{what} in {target.label}, which is at {at}")


def _stamped_elsewhere(
    connection: psycopg.Connection[tuple[object, ...]], known: set[str]
) -> tuple[str, ...]:
    """What a version table of another name or schema says: that is ``env.py``'s to choose."""
    query = load("pgrevise.rehearsal.workshop", "workshop.sql")["tables_like_a_version_table"]
    found: set[str] = set()
    for schema, table in connection.execute(query.encode()).fetchall():
        stamped = stamped_revisions(connection, table=str(table), schema=str(schema))
        if known.issuperset(stamped):
            found.update(stamped)
    return tuple(sorted(found))


def _unknown(history: History, target: Target, identifier: str) -> HistoryConflict:
    baseline = next((node for node in history.nodes if identifier in node.replaces), None)
    sentence = f"{target.display} is stamped with revision {identifier}, "
    if baseline is not None:
        return HistoryConflict(
            f"{sentence}which was squashed into the baseline {baseline.revision.identifier}.",
            f"First bring it to {baseline.revision.identifier} with the files of before.",
        )
    return HistoryConflict(
        f"{sentence}which this checkout does not have.",
        "It may live on another branch: check that branch out or merge it, then run again.",
    )


def _of_branch(settings: Settings, history: History) -> Selection:
    newest = history.nodes[-1].revision.identifier
    found = branch(settings.root)
    if found is None:
        words = f"the newest revision, {newest}: there is no main branch of git to compare with"
        if is_shallow(settings.root):
            words += ", because this clone is shallow (fetch-depth: 0 makes it whole)"
        return Selection((newest,), words)
    added = {
        node.revision.identifier for node in history.nodes if _path(settings, node) in found.files
    }
    if added:
        words = f"{_count(added)} that this branch adds to {found.main}"
        return Selection(history.ordered(added), words)
    where = f"this is {found.main}" if found.is_main else f"this branch adds none to {found.main}"
    return Selection((newest,), f"the newest revision, {newest}: {where}")


def _path(settings: Settings, node: Node) -> object:
    return (settings.root / node.revision.file).resolve()


def _count(items: set[str] | tuple[str, ...]) -> str:
    return f"{len(items)} revision{'s' * (len(items) != 1)}"
