"""The task ``db.stats``: how large a database's tables are. Parse, call, print."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from invoke.context import Context

from pgrevise.errors import SettingsError
from pgrevise.tasks.door import JSON, URL, command, database, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pgrevise.rehearsal.trial.statistics import Statistics

_HEADS = ("table", "rows", "bytes", "index bytes")


@command(
    help={
        "url": URL,
        "output": "write the statistics there, for db.rehearse --stats FILE",
        "json": JSON,
    }
)
def stats(_: Context, url: str = "", output: str = "", json: bool = False) -> None:
    """Read how many rows and bytes each table has, read-only; no value of any row."""
    from pgrevise.postgres.connect import connect
    from pgrevise.rehearsal.trial import statistics as act

    file = _writable(output) if output else None
    with database(url, json) as (_settings, out, target):
        out.say(f"{target.display} (from {target.origin})", "dim")
        with out.working("reading the sizes"), connect(target) as connection:
            found = act.read(connection)
        out.document(act.as_document(found))
        for line in _lines(found):
            out.line(line)
        if not found.is_exact:
            out.say(
                "A table is locked, so sizes are of the last VACUUM or ANALYZE; try again later.",
                "yellow",
            )
        unknown = [name for name, table in found.tables.items() if table.rows is None]
        if unknown:
            out.say(f"Never analyzed: {words(unknown)}. Let ANALYZE count their rows.", "yellow")
        if file is not None:
            _write(file, act.written(found))
            out.say(f"The statistics are in {output}.", "dim")


def _lines(found: Statistics) -> Iterator[str]:
    """The tables, the largest first, in columns."""
    yield (
        f"PostgreSQL {found.server}, at {words(found.stamped, 'no revision')}, "
        f"{_counted(len(found.tables))}, {found.taken}"
    )
    listed = sorted(found.tables.items(), key=lambda item: (-item[1].bytes, item[0]))
    cells = [_HEADS]
    for name, table in listed:
        rows = "?" if table.rows is None else f"{table.rows:,}"
        cells.append((name, rows, f"{table.bytes:,}", f"{table.index_bytes:,}"))
    if not listed:
        return
    widths = [max(len(row[column]) for row in cells) for column in range(len(_HEADS))]
    for name, *numbers in cells:
        told = (text.rjust(width) for text, width in zip(numbers, widths[1:], strict=True))
        yield "  ".join([f"  {name.ljust(widths[0])}", *told])


def _counted(tables: int) -> str:
    return "1 table" if tables == 1 else f"{tables} tables"


def _writable(name: str) -> Path:
    """Where to write; looked at first, so that production is not asked in vain."""
    path = Path(name)
    if path.is_dir():
        raise SettingsError(f"{name} cannot be written: it is a folder.", "Name another file.")
    if not path.parent.is_dir():
        raise SettingsError(
            f"{name} cannot be written: there is no folder {path.parent}.",
            "Make it, or name another file.",
        )
    return path


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be written: {error.strerror}.", "Name another file."
        ) from error
