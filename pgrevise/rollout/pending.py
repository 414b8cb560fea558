"""Whether an upgrade has anything to do, found out before Alembic, models or a revision is loaded.

Most upgrades have nothing to do. One that is seen to have nothing is over here; whatever is not
plain to see is left to `pgrevise.rollout.run`, with all its guards.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg

from pgrevise.history.layout import layout
from pgrevise.history.state import VERSION_TABLE, stamped_revisions
from pgrevise.history.tip import tip
from pgrevise.postgres.connect import connect
from pgrevise.postgres.target import Target
from pgrevise.rollout.lock import runner_at_work
from pgrevise.rollout.usual import leaves_it_to_us
from pgrevise.settings import Settings


def standing_at(settings: Settings, target: Target, revision: str) -> tuple[str, ...] | None:
    """What the database is stamped with, if nothing is pending up to ``revision``.

    None when something is, when another runner is at work, or when only Alembic can tell.
    """
    found = layout(settings)
    if found is None or not leaves_it_to_us(Path(found.scripts, "env.py")):
        return None
    if revision in ("head", "heads") and (newest := tip(found)):
        with connect(target) as connection:
            if stamped_revisions(connection) == (newest.revision,):
                return None if _is_being_migrated(connection) else (newest.revision,)
    from pgrevise.history.outline import read  # which what is known already need not wait for

    graph = read(found)
    wanted = None if graph is None else graph.target(revision)
    if graph is None or not wanted:
        return None
    with connect(target) as connection:
        stamped = stamped_revisions(connection)
        if not stamped or not graph.headers.keys() >= set(stamped) or not graph.is_apart(stamped):
            return None
        is_there = set(wanted) <= set(stamped) or graph.lineage(stamped).issuperset(wanted)
        if not is_there or _is_being_migrated(connection):
            return None
    return stamped


def _is_being_migrated(connection: psycopg.Connection[Any]) -> bool:
    """Whether a runner is at work, who may yet change where the database stands."""
    return runner_at_work(connection, VERSION_TABLE) is not None
