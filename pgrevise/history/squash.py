"""A baseline: which revisions it can stand for, and its text.

Pure but for the history that is passed in: what may be squashed, what `pg_dump` wrote as statements
of a revision file, and the file. Building, proving and moving is in `pgrevise.authoring.squash`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alembic.script import Script

from pgrevise.errors import HistoryConflict, UsageError
from pgrevise.history import lazy
from pgrevise.history.execute import executing, in_quotes
from pgrevise.history.script import history_errors, revisions, single_head

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory

_ENTRY = re.compile(
    r"^--\n-- Name: (?P<name>.*); Type: (?P<kind>[A-Z ]+); Schema: .*; Owner: .*\n--\n",
    re.MULTILINE,
)
_END = re.compile(r"\n--\n-- PostgreSQL database dump complete\n--\n.*\Z", re.DOTALL)
#: pg_dump says before an entry where the next tables go; these are the places every server has.
_DEFAULTS = re.compile(
    r"(?:\s*^SET default_(?:tablespace = ''|table_access_method = heap);$)+\s*\Z", re.M
)
_LINE = 84


@dataclass(frozen=True)
class Statement:
    """One entry of a dump: what it makes, and the SQL that makes it."""

    kind: str
    name: str
    sql: str


def squashed_range(script: ScriptDirectory, to: str | None) -> list[Script]:
    """The revisions that a baseline at ``to`` (default: the head) stands for, from base to it.

    Raises `HistoryConflict` when ``to`` is not clear, or when a revision that stays goes on from
    one that would go; `UsageError` when there is nothing to put together.
    """
    with history_errors():
        last = script.get_revision(to or single_head(script) or "head")
    if last is None:
        raise UsageError("There is no revision to squash.", "See the history: invoke db.history.")
    everything = revisions(script)
    inside = _with_ancestors(last, {revision.revision: revision for revision in everything})
    for revision in everything:
        below = sorted(set(revision._all_down_revisions) & inside - {last.revision})
        if revision.revision not in inside and below:
            raise HistoryConflict(
                f"Revision {revision.revision} goes on from {below[0]}, which would become part "
                f"of the baseline {last.revision} and could not be gone on from any more.",
                f"Squash up to {below[0]} or before it, or join the branches first and squash up "
                "to where they are joined.",
            )
    if len(inside) < 2:
        raise UsageError(
            f"There is nothing to squash: no revision comes before {last.revision}.",
            "Name a later one with --to; see the history with: invoke db.history.",
        )
    return [revision for revision in everything if revision.revision in inside]


def _with_ancestors(last: Script, by_identifier: dict[str, Script]) -> set[str]:
    """The revision and all it comes after or depends on."""
    found: set[str] = set()
    waiting = [last.revision]
    while waiting:
        identifier = waiting.pop()
        if identifier not in found:
            found.add(identifier)
            waiting.extend(by_identifier[identifier]._all_down_revisions)
    return found


def squashed_into(script: ScriptDirectory) -> dict[str, str]:
    """For each revision that a baseline of this history stands for: that baseline."""
    return {
        gone: revision.revision for revision in revisions(script) for gone in stood_for(revision)
    }


def stood_for(revision: Script) -> tuple[str, ...]:
    """The revisions that this one stands for: none, unless it is a baseline."""
    return lazy.replaces(revision)


def statements(dump: str, schema: str | None) -> list[Statement]:
    """The entries of what ``pg_dump`` wrote of a schema, in order, with its name taken out.

    ``schema`` is a name that occurs nowhere else, so that wherever it stands the server wrote it;
    with None all names stay qualified. Settings, comments and psql's commands are left behind.
    Raises `HistoryConflict` when a definition cannot be written without the schema's name.
    """
    body = _END.sub("\n", dump)
    heads = list(_ENTRY.finditer(body))
    ends = [head.start() for head in heads[1:]] + [len(body)]
    found = []
    for head, end in zip(heads, ends, strict=True):
        kind, name = head["kind"], head["name"]
        if kind == "SCHEMA" and name == schema:
            continue
        plain = _DEFAULTS.sub("", body[head.end() : end]).strip().removesuffix(";")
        if "ACL" in kind:
            plain = _of_whoever_runs_it(plain)
        found.append(Statement(kind, name, _unqualified(plain, schema, f"{kind.lower()} {name}")))
    return found


def drops(dump: str, schema: str | None, besides: Collection[str] = ()) -> list[str]:
    """The statements with which ``pg_dump --clean`` begins: they drop all that it then makes.

    Those in ``besides``, which are qualified as pg_dump has them, are left out.
    """
    first = _ENTRY.search(dump)
    before = dump[: first.start()] if first else ""
    lines = [
        line
        for line in before.splitlines()
        if not re.match(r"--|\\|SET |SELECT pg_catalog\.set_config", line)
        and line != f"DROP SCHEMA {schema};"
    ]
    found = [piece.strip() for piece in re.split(r";$", "\n".join(lines), flags=re.MULTILINE)]
    return [_unqualified(sql, schema, sql) for sql in found if sql and sql not in besides]


def _unqualified(sql: str, schema: str | None, what: str) -> str:
    if schema is None:
        return sql
    plain = sql.replace(f" WITH SCHEMA {schema}", "").replace(f"{schema}.", "")
    if schema in plain:
        raise HistoryConflict(
            f"The definition of {what.replace(f'{schema}.', '')} holds the name of the schema it "
            "is in, so that it would be another one in another schema.",
            "Squash up to a revision before it, or drop what depends on the schema's name.",
        )
    return plain


def _of_whoever_runs_it(sql: str) -> str:
    """Privileges of the scratch server's superuser are those of the role that runs the baseline."""
    sql = sql.replace("ALTER DEFAULT PRIVILEGES FOR ROLE postgres ", "ALTER DEFAULT PRIVILEGES ")
    return re.sub(r"\b(TO|FROM) postgres(?=;|$| WITH GRANT OPTION)", r"\1 CURRENT_USER", sql)


def baseline(
    last: Script,
    replaces: Sequence[str],
    labels: Collection[str],
    archive: str,
    up: Sequence[str],
    down: Sequence[str],
) -> str:
    """The source of the revision file: the identifier of ``last``, and nothing before it.

    ``archive`` is the folder's name that the replaced files are moved to.
    """
    identifier = last.revision
    count, first = len(replaces) + 1, replaces[0]
    calls = [_execute(sql) for sql in up]
    undo = [_execute(sql) for sql in down]
    written = "".join([*calls, *undo])
    shown_labels = repr(tuple(sorted(labels))) if labels else "None"
    listed = "".join(f"    {gone!r},\n" for gone in replaces).replace("'", '"')
    long_lines = "# ruff: noqa: E501\n" if any(len(x) > 100 for x in written.splitlines()) else ""
    imports = "import sqlalchemy as sa\n" if "sa.DDL(" in written else ""
    return (
        f'''"""Baseline: the schema as of {identifier}.

Written by `invoke db.squash` in place of {count} revisions, from {first} on, and proved to
give the same catalog; their files are in {archive}. A database at this revision or later
needs nothing. One that is before it is first upgraded to this revision with those files.
"""
{long_lines}
from __future__ import annotations

from collections.abc import Sequence

{imports}from alembic import op

revision: str = "{identifier}"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = {shown_labels}
depends_on: str | Sequence[str] | None = None

# What this revision stands for, beside its own identifier.
replaces: tuple[str, ...] = (
{listed})


def upgrade() -> None:
{"".join(calls)}

def downgrade() -> None:
{"".join(undo) or "    pass"}
'''.rstrip()
        + "\n"
    )


def _execute(sql: str) -> str:
    """The line of Python that executes ``sql`` to the letter."""
    text, call = executing(sql)
    written = in_quotes(text)
    if "\n" not in written and '"' not in written and len(written) + len(call) < _LINE:
        return "    " + call.format(f'"{written}"') + "\n"
    opened = call.format('\n        """\\\n' + written + '\n"""\n    ')
    return f"    {opened}\n"
