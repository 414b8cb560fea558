"""Where a database stands in the history: its stamps beside the revisions on disk."""

from __future__ import annotations

from dataclasses import dataclass

from pgrevise.history.layout import layout
from pgrevise.history.state import stamped_revisions
from pgrevise.history.tip import tip
from pgrevise.postgres.connect import connect
from pgrevise.postgres.target import Target
from pgrevise.settings import Settings


@dataclass(frozen=True)
class Position:
    """Where ``database`` stands: its stamps, those this checkout lacks, and what is pending."""

    database: str
    origin: str
    stamped: tuple[str, ...]
    subjects: tuple[str, ...]
    unknown: tuple[str, ...]
    pending: tuple[str, ...]


def position(settings: Settings, target: Target) -> Position:
    """Compare the version table of ``target`` with the history on disk."""
    with connect(target) as connection:
        stamped = stamped_revisions(connection)
    return position_of(settings, target, stamped)


def position_of(settings: Settings, target: Target, stamped: tuple[str, ...]) -> Position:
    """Compare what ``target`` is stamped with, which was asked before, with the history on disk."""
    found = layout(settings)
    newest = None if found is None else tip(found)
    if newest is not None and stamped == (newest.revision,):
        at_head = (target.label, target.origin, stamped, (newest.subject,))
        return Position(*at_head, unknown=(), pending=())
    from pgrevise.history.outline import read  # which what is known already need not wait for

    graph = None if found is None else read(found)
    if graph is None:
        return _as_alembic_sees_it(settings, target, stamped)
    known = [identifier for identifier in stamped if identifier in graph.headers]
    if not graph.is_apart(known):
        return _as_alembic_sees_it(settings, target, stamped)
    applied = graph.lineage(known)
    return Position(
        database=target.label,
        origin=target.origin,
        stamped=stamped,
        subjects=tuple(graph.headers[identifier].subject for identifier in known),
        unknown=tuple(identifier for identifier in stamped if identifier not in graph.headers),
        pending=tuple(identifier for identifier in graph.order if identifier not in applied),
    )


def _as_alembic_sees_it(settings: Settings, target: Target, stamped: tuple[str, ...]) -> Position:
    from pgrevise.history.script import configuration, history_errors, open_history, revisions

    script = open_history(configuration(settings))
    by_identifier = {revision.revision: revision for revision in revisions(script)}
    known = [identifier for identifier in stamped if identifier in by_identifier]
    with history_errors():
        applied = (
            {r.revision for r in script.iterate_revisions(tuple(known), "base", implicit_base=True)}
            if known
            else set()
        )
    return Position(
        database=target.label,
        origin=target.origin,
        stamped=stamped,
        subjects=tuple(by_identifier[identifier].doc for identifier in known),
        unknown=tuple(identifier for identifier in stamped if identifier not in by_identifier),
        pending=tuple(identifier for identifier in by_identifier if identifier not in applied),
    )
