"""The history as a list: one entry for each revision, ready to show."""

from __future__ import annotations

from dataclasses import dataclass

from pgrevise.history.outline import outline
from pgrevise.settings import Settings


@dataclass(frozen=True)
class Entry:
    """One revision of the history; ``marks`` are "head", "base", "branch point", "merge"."""

    revision: str
    subject: str
    parents: tuple[str, ...]
    marks: tuple[str, ...]
    file: str


def listing(settings: Settings) -> list[Entry]:
    """Every revision from base to head. Raises `HistoryConflict` when that is not clear."""
    graph = outline(settings)
    if graph is None:
        return _as_alembic_sees_it(settings)
    return [
        Entry(
            revision=node.header.revision,
            subject=node.header.subject,
            parents=node.parents,
            marks=node.marks,
            file=node.path,
        )
        for node in graph.listing()
    ]


def _as_alembic_sees_it(settings: Settings) -> list[Entry]:
    from pgrevise.history.script import configuration, open_history, revisions

    entries = []
    for revision in revisions(open_history(configuration(settings))):
        marks = {
            "head": revision.is_head,
            "base": revision.is_base,
            "branch point": revision.is_branch_point,
            "merge": revision.is_merge_point,
        }
        entries.append(
            Entry(
                revision=revision.revision,
                subject=revision.doc,
                parents=tuple(revision._versioned_down_revisions),
                marks=tuple(mark for mark, holds in marks.items() if holds),
                file=revision.path,
            )
        )
    return entries
