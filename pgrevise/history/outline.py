"""The history of a project as a graph, without Alembic and without running a file of it.

Reads what `pgrevise.history.layout` finds, file by file; what the graph can answer is in
`pgrevise.history.graph`. For everything else there is `pgrevise.history.script`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pgrevise.history.files import revision_files
from pgrevise.history.graph import Graph, build
from pgrevise.history.layout import Layout, layout
from pgrevise.history.reading import read_headers
from pgrevise.history.tip import fingerprint, keep_tip
from pgrevise.startup import collecting_nothing

if TYPE_CHECKING:
    from pgrevise.settings import Settings


def outline(settings: Settings) -> Graph | None:
    """The project's history; None when there is anything unusual in it, for Alembic to judge."""
    found = layout(settings)
    return None if found is None else read(found)


def read(found: Layout) -> Graph | None:
    """The history that lies there; None as of `outline`."""
    with collecting_nothing():
        paths = list(revision_files(found.locations, recursive=found.recursive))
        if len(set(paths)) < len(paths):
            return None
        marks = fingerprint(paths)
        files = [(path, header) for path, header in read_headers(paths) if header is not None]
        graph = build(files) if len(files) == len(paths) else None
        if graph is not None:
            keep_tip(paths, marks, graph)
        return graph
