"""Filling a database with a dump of the schema that a history starts from.

Plain SQL as pg_dump writes it, COPY data included. psql is not used: its commands, which could
connect elsewhere, are left out. Nothing here knows of revisions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg

from pgrevise.errors import SettingsError
from pgrevise.postgres.connect import connect
from pgrevise.postgres.target import Target
from pgrevise.rehearsal.worker.failing import what_is_missing

_COPY = re.compile(r"COPY .* FROM stdin;", re.IGNORECASE)
_OF_PSQL = re.compile(
    r"\\(restrict|unrestrict|connect|c|set|unset|encoding|echo|pset|timing|i|ir|include)\b"
)
_OWNER = re.compile(
    r"""(?:OWNER\ TO|GRANT\ .*\ TO|REVOKE\ .*\ FROM|FOR\ ROLE|AUTHORIZATION)\s+
    (?P<name>"(?:[^"]|"")+"|[a-z_]\w*)\s*(?:;|IN\ |GRANT|REVOKE|WITH|$)""",
    re.VERBOSE | re.MULTILINE,
)
#: Newer than some servers, and of no matter to a schema.
_SETTINGS = re.compile(r"^SET (transaction_timeout|idle_session_timeout) = 0;$")
_RESERVED = {"public", "current_user", "session_user", "current_role", "postgres"}


def roles_of(file: Path) -> list[str]:
    """The roles that a dump names as owners or grants something to."""
    names = (match["name"] for match in _OWNER.finditer(_text(file)))
    plain = {n[1:-1].replace('""', '"') if n.startswith('"') else n for n in names}
    return sorted(n for n in plain - _RESERVED if not n.startswith("pg_"))


def fill(target: Target, file: Path) -> None:
    """Run a dump in a database. Raises `SettingsError` with PostgreSQL's words and the line."""
    with connect(target) as connection:
        for line, text, rows in _pieces(_text(file)):
            try:
                if rows is None:
                    connection.execute(text.encode())
                    continue
                with connection.cursor().copy(text.encode()) as copy:
                    copy.write(rows)
            except psycopg.Error as error:
                raise _failed(file, line, text, error) from error


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(
            f"The baseline {file} cannot be read: {error.strerror}.", "Name another file."
        ) from error
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"The baseline {file} is not UTF-8 text.",
            "Write it with: pg_dump --schema-only --encoding=UTF8 --file=FILE.",
        ) from error


def _pieces(text: str) -> Iterator[tuple[int, str, str | None]]:
    """The dump as (first line, statements, None) and (line, a COPY, its rows)."""
    began, statements = 1, list[str]()
    lines = enumerate(text.splitlines(keepends=True), start=1)
    for number, line in lines:
        if _COPY.match(line):
            yield began, "".join(statements), None
            yield number, line, "".join(_rows(lines))
            began, statements = number + 1, []
        elif _OF_PSQL.match(line) or _SETTINGS.match(line):
            statements.append("\n")
        else:
            statements.append(line)
    yield began, "".join(statements), None


def _rows(lines: Iterator[tuple[int, str]]) -> Iterator[str]:
    for _, row in lines:
        if row.rstrip("\r\n") == "\\.":
            return
        yield row


def _failed(file: Path, began: int, text: str, error: psycopg.Error) -> SettingsError:
    position = int(error.diag.statement_position or 1)
    line = began + text.count("\n", 0, position - 1)
    words = (error.diag.message_primary or str(error)).rstrip(".")
    is_extension = (what_is_missing(words) or ("", ""))[0] == "extension"
    return SettingsError(
        f"The baseline {file.name}, line {line}, is refused: {words}.",
        "Name the programs of a PostgreSQL that has it with bindir in [tool.pgrevise] or "
        "PGREVISE_BINDIR, or leave it out of the file."
        if is_extension
        else "Write it with: pg_dump --schema-only --no-owner --no-privileges --file=FILE.",
    )
