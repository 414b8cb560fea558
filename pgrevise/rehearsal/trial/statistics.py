"""How large the tables of a production database are: read there, kept in a file, used elsewhere.

`read` is what ``invoke db.stats`` does in production: sizes and row counts, no value of any row, no
name of a host. `written` and `load` are the file. What is scaled to these sizes is `scaling`'s.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from psycopg import sql
from psycopg.rows import namedtuple_row

from pgrevise.errors import SettingsError, StatementFailed
from pgrevise.history.state import stamped_revisions
from pgrevise.queries import load as queries

FORMAT = "pgrevise statistics"
VERSION = 1
#: How long a locked table is waited for: whoever comes after us waits behind us.
_PATIENCE = "500ms"
_ANEW = "Write it anew, on production: invoke db.stats --url URL --output FILE"


@dataclass(frozen=True)
class TableStatistics:
    """One table: estimated rows, None when nobody ever counted them, and bytes with TOAST."""

    rows: int | None
    bytes: int
    index_bytes: int


@dataclass(frozen=True)
class Statistics:
    """A database: its server's version, the revisions it is stamped with, when it was looked at.

    ``taken`` is UTC, as ISO 8601 writes it. Tables are named as SQL writes them; the schema
    "public" is left out. A partitioned table is the sum of its partitions. ``is_exact`` tells
    whether the sizes are of now, and not of the last VACUUM.
    """

    taken: str
    server: str
    stamped: tuple[str, ...]
    tables: Mapping[str, TableStatistics] = field(default_factory=dict)
    is_exact: bool = True

    def rows(self, table: str) -> int | None:
        """A table's rows; None when they, or the table, are not known."""
        found = self.tables.get(table)
        return found.rows if found else None

    def bytes(self, table: str) -> int | None:
        """A table's bytes, without its indexes; None when it is not known."""
        found = self.tables.get(table)
        return found.bytes if found else None


class Row(NamedTuple):
    """A relation as ``statistics.sql`` reads it."""

    oid: int
    parent: int | None
    kind: str
    name: str
    estimated: int | None
    counted: int
    bytes: int
    index_bytes: int


def read(connection: psycopg.Connection[Any]) -> Statistics:
    """Look at a database, read-only; the connection is autocommit and may be to a standby.

    Raises `StatementFailed` when the server refuses even that.
    """
    named = queries("pgrevise.rehearsal.trial", "statistics.sql")
    try:
        with connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            stamped = _stamped(connection, named["version_tables"])
        is_exact = True
        try:
            rows = _rows(connection, named["tables"])
        except psycopg.errors.LockNotAvailable:
            rows, is_exact = _rows(connection, named["tables_without_waiting"]), False
    except psycopg.Error as error:
        raise StatementFailed(
            f"The statistics cannot be read: {' '.join(str(error).split())}.",
            "Use a role that may connect and read the catalogs, which any may by default.",
        ) from error
    version = connection.info.parameter_status("server_version") or ""
    taken = datetime.now(UTC).isoformat(timespec="seconds")
    return Statistics(taken, version.split()[0], stamped, summed(rows), is_exact)


def summed(rows: Iterable[Row]) -> dict[str, TableStatistics]:
    """Statistics by name; a partitioned table is what its partitions are together."""
    known = {row.oid: row for row in rows}
    children: dict[int, list[Row]] = {}
    for row in known.values():
        if row.parent is not None:
            children.setdefault(row.parent, []).append(row)

    def of(row: Row) -> TableStatistics:
        if row.kind != "p":
            return TableStatistics(_estimate(row), row.bytes, row.index_bytes)
        parts = [of(child) for child in children.get(row.oid, [])]
        counts = [part.rows for part in parts if part.rows is not None]
        return TableStatistics(
            sum(counts) if len(counts) == len(parts) else None,
            sum(part.bytes for part in parts),
            sum(part.index_bytes for part in parts),
        )

    return {row.name: of(row) for row in known.values()}


def as_document(statistics: Statistics) -> dict[str, Any]:
    """What the file holds, as JSON has it."""
    return {"format": FORMAT, "version": VERSION} | asdict(statistics)


def written(statistics: Statistics) -> str:
    """The text of the file."""
    return json.dumps(as_document(statistics), indent=2, ensure_ascii=False) + "\n"


def load(path: Path) -> Statistics:
    """Statistics from a file. Raises `SettingsError` when it is not there or is something else."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise SettingsError(f"The statistics {path} cannot be read: {reason}.", _ANEW) from error
    try:
        told = json.loads(text)
        if not isinstance(told, dict) or told.get("format") != FORMAT:
            raise SettingsError(f"{path} does not hold statistics of db.stats.", _ANEW)
        if told.get("version") != VERSION:
            raise SettingsError(
                f"{path} holds statistics in version {told.get('version')} of their format; "
                f"this one reads version {VERSION}.",
                _ANEW,
            )
        return _loaded(told)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingsError(
            f"{path} holds statistics that are damaged: {_reason(error)}.", _ANEW
        ) from error


def mismatch(
    statistics: Statistics, parents: Collection[str], known: Collection[str], touched: Sequence[str]
) -> str:
    """What to know before a revision is scaled to statistics of another schema; "" when nothing.

    ``parents`` is what the revision begins from, ``known`` the revisions of this checkout,
    ``touched`` the tables that times are wanted for.
    """
    told = []
    at = ", ".join(statistics.stamped) or "no revision"
    elsewhere = [one for one in statistics.stamped if one not in known]
    if elsewhere:
        told.append(f"are of {', '.join(elsewhere)}, which this checkout does not have")
    elif set(statistics.stamped) != set(parents):
        told.append(f"are of {at} and not of {', '.join(sorted(parents)) or 'an empty history'}")
    absent = [table for table in touched if table not in statistics.tables]
    if absent:
        told.append(f"do not have {', '.join(absent)}")
    uncounted = [t for t in touched if t not in absent and statistics.rows(t) is None]
    if uncounted:
        told.append(f"do not know the rows of {', '.join(uncounted)}, which was never analyzed")
    return f"The statistics of {statistics.taken} {'; they '.join(told)}." if told else ""


def _rows(connection: psycopg.Connection[Any], query: str) -> list[Row]:
    with connection.transaction(), connection.cursor(row_factory=namedtuple_row) as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
        setting = sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(_PATIENCE))
        cursor.execute(setting)
        return [Row(*row) for row in cursor.execute(query.encode())]


def _stamped(connection: psycopg.Connection[Any], query: str) -> tuple[str, ...]:
    """What the database is stamped with, in Alembic's own table or one that is like it."""
    found: set[str] = set()
    for schema, table in connection.execute(query.encode()).fetchall():
        found.update(stamped_revisions(connection, table=table, schema=schema))
    return tuple(sorted(found))


def _estimate(row: Row) -> int | None:
    """Rows as the planner has them, else as the statistics count; None when neither knows."""
    if row.estimated is not None:
        return row.estimated
    return row.counted if row.counted or not row.bytes else None


def _loaded(told: Mapping[str, Any]) -> Statistics:
    tables = {
        str(name): TableStatistics(
            None if one["rows"] is None else _whole(one["rows"]),
            _whole(one["bytes"]),
            _whole(one["index_bytes"]),
        )
        for name, one in told["tables"].items()
    }
    datetime.fromisoformat(told["taken"])
    stamped = tuple(str(one) for one in told["stamped"])
    exact = bool(told.get("is_exact", True))
    return Statistics(told["taken"], str(told["server"]), stamped, tables, exact)


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{value!r} is no size")
    return value


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"{error} is missing"
    return "it is no JSON" if isinstance(error, json.JSONDecodeError) else str(error)
