"""What is done to a new revision between its comparison and its file.

Gives it a timestamp identifier, checks its message, drops it when there is nothing to say, and
can turn its operations into plain SQL. Called by Alembic, as ``process_revision_directives``.
"""

from __future__ import annotations

import copy
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import renderers
from alembic.operations import Operations, ops
from alembic.runtime.migration import MigrationContext

from pgrevise.history.execute import executing, in_quotes
from pgrevise.history.names import checked_message, docstring_text, next_identifier
from pgrevise.history.script import history_errors
from pgrevise.request import Request

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory

    Process = Callable[[MigrationContext, Any, list[ops.MigrationScript]], None]


class PlainSQLOp(ops.ExecuteSQLOp):
    """A statement that is written into the revision as a readable block of SQL."""


def directives(
    script: ScriptDirectory,
    request: Request,
    project: Process | None,
    *,
    compared: bool,
    named: bool,
) -> Process:
    """The function for ``process_revision_directives``; ``project``'s own one runs before ours.

    ``compared`` says that operations come from a comparison, so that none means no change;
    ``named``, that a file will be written, so that a message is required.
    """

    def process(
        context: MigrationContext, revision: Any, scripts: list[ops.MigrationScript]
    ) -> None:
        if project is not None:
            project(context, revision, scripts)
        if compared and named and not request.empty_revision and _is_empty(scripts[0]):
            request.observer.note("No change: models and database agree; no file is written.")
            scripts[:] = []
        for directive in scripts:
            if named:
                directive.message = docstring_text(checked_message(directive.message))
            directive.rev_id = identifier_for(script, directive.head or "head")
            if request.as_sql:
                _as_sql(directive, context)

    return process


def identifier_for(script: ScriptDirectory, head: Any) -> str:
    """The timestamp identifier of a new revision on top of ``head``, as Alembic names one.

    Raises `HistoryConflict` when it is not clear which revision is meant.
    """
    with history_errors():
        everything = [revision.revision for revision in script.walk_revisions()]
        parents = [r.revision for r in script.get_revisions(head) if r is not None]
    return next_identifier(datetime.now(UTC), everything, parents)


def _is_empty(directive: ops.MigrationScript) -> bool:
    return all(operations.is_empty() for operations in directive.upgrade_ops_list)


def _as_sql(directive: ops.MigrationScript, context: MigrationContext) -> None:
    for container in (*directive.upgrade_ops_list, *directive.downgrade_ops_list):
        container.ops = [PlainSQLOp(text) for text in _statements(container, context)]


def _statements(container: ops.OpContainer, context: MigrationContext) -> list[str]:
    """The SQL that the operations stand for, one statement each, as offline mode prints it."""
    # The same server's dialect, but no driver will take out the doubling of a percent sign.
    dialect = copy.copy(context.dialect)
    dialect.paramstyle = "named"
    dialect.identifier_preparer = dialect.preparer(dialect)
    offline = MigrationContext.configure(
        dialect=dialect,
        opts={"as_sql": True, "output_buffer": io.StringIO(), "literal_binds": True},
    )
    statements: list[str] = []
    offline.impl.static_output = lambda text: statements.append(text.strip().rstrip(";"))  # type: ignore[method-assign] # each call is one statement; a buffer would have to be split again
    operations = Operations(offline)
    for operation in _flattened(container):
        operations.invoke(operation)
    return statements


def _flattened(container: ops.OpContainer) -> list[ops.MigrateOperation]:
    """The operations in order, with those grouped by table taken out of their groups."""
    flat: list[ops.MigrateOperation] = []
    for operation in container.ops:
        flat += _flattened(operation) if isinstance(operation, ops.OpContainer) else [operation]
    return flat


@renderers.dispatch_for(PlainSQLOp, replace=True)
def _render(_: AutogenContext, operation: PlainSQLOp) -> str:
    plain = _UNTIDY.sub(_tidied, str(operation.sqltext)).strip()
    text, call = executing(plain)
    if any("\n" in (found["quoted"] or "") for found in _UNTIDY.finditer(plain)):
        # Alembic indents what it writes, and a literal of several lines with it.
        return call.format(repr(text))
    text = in_quotes(text)
    if "\n" not in text and '"' not in text and len(text) < 80:
        return call.format(f'"{text}"')
    return call.format(f'\n    """\n{text}\n    """\n')


# Line ends that may be tidied, after what is quoted and may not. Alembic has replaced tabs.
_UNTIDY = re.compile(
    r"""(?P<quoted>'[^']*'|"[^"]*"|(?P<tag>\$\w*\$).*?(?P=tag))"""
    r"""|[ ]*\n(?:[ ]*\n)*""",
    re.DOTALL,
)


def _tidied(found: re.Match[str]) -> str:
    return found["quoted"] or "\n"
