"""What to know of a database before a rollout: where it stands, what is pending, who is at work.

Asks PostgreSQL four short questions and changes nothing. That a database differs from its history
otherwise is found by `pgrevise.catalog`, which takes longer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from pgrevise.history.state import VERSION_TABLE, stamped_revisions
from pgrevise.postgres.connect import connect
from pgrevise.rollout.lock import QUERIES, runner_at_work
from pgrevise.rollout.position import position_of

if TYPE_CHECKING:
    from pgrevise.postgres.target import Target
    from pgrevise.settings import Settings


class Named(NamedTuple):
    """A revision with its subject, which is empty where this checkout lacks it."""

    revision: str
    subject: str


class InvalidIndex(NamedTuple):
    """An index that building it left behind unusable, and its table."""

    name: str
    table: str


@dataclass(frozen=True)
class Status:
    """``server`` is the version of PostgreSQL, ``runner`` who migrates the schema right now."""

    database: str
    origin: str
    server: str
    stamped: tuple[Named, ...]
    unknown: tuple[str, ...]
    pending: tuple[Named, ...]
    runner: str | None
    invalid_indexes: tuple[InvalidIndex, ...]

    @property
    def is_at_head(self) -> bool:
        """Whether the database has every revision of this checkout, and no other."""
        return not self.pending and not self.unknown


def status(settings: Settings, target: Target) -> Status:
    """Look at ``target``, and compare its stamps with the history on disk."""
    with connect(target) as connection:
        stamped = stamped_revisions(connection)
        runner = runner_at_work(connection, VERSION_TABLE)
        invalid = connection.execute(QUERIES["invalid_indexes"].encode()).fetchall()
        server = connection.info.parameter_status("server_version") or ""
    found = position_of(settings, target, stamped)
    known = [revision for revision in stamped if revision not in found.unknown]
    subjects = dict(zip(known, found.subjects, strict=True))
    if found.pending:
        from pgrevise.history.listing import listing

        subjects |= {entry.revision: entry.subject for entry in listing(settings)}
    return Status(
        database=found.database,
        origin=found.origin,
        server=server,
        stamped=tuple(Named(revision, subjects.get(revision, "")) for revision in stamped),
        unknown=found.unknown,
        pending=tuple(Named(revision, subjects[revision]) for revision in found.pending),
        runner=runner,
        invalid_indexes=tuple(InvalidIndex(*row) for row in invalid),
    )
