"""The rules about what released code names: it still runs while a revision is rolled out.

What is new has no released code; a table that was not there before is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pgrevise.catalog import Change
from pgrevise.catalog.naming import parts
from pgrevise.rehearsal.facts import Observed
from pgrevise.rehearsal.rules.common import (
    bare,
    column_changes,
    documents,
    function_line,
    line_for,
    own,
    statement_for,
    table_name,
    was_table,
)
from pgrevise.rehearsal.rules.registry import Hit, rule
from pgrevise.rehearsal.rules.renames import emptied_tables, new_name
from pgrevise.rehearsal.rules.tried import is_lost

_NAME = r'(?:"(?:[^"]|"")*"|[\w$]+)'
_PATH = rf"{_NAME}(?:\s*\.\s*{_NAME})?"
_ALTER_TABLE = rf"ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?(?:ONLY\s+)?(?P<table>{_PATH})\s+"
_RENAME_COLUMN = re.compile(
    rf"\s*{_ALTER_TABLE}RENAME\s+(?:COLUMN\s+)?(?P<was>{_NAME})\s+TO\s+(?P<now>{_NAME})",
    re.IGNORECASE,
)
_DROP_COLUMN = re.compile(
    rf"\s*{_ALTER_TABLE}.*?DROP\s+COLUMN\s+(?:IF\s+EXISTS\s+)?(?P<column>{_NAME})",
    re.IGNORECASE | re.DOTALL,
)
_RENAME_VALUE = r"ALTER\s+TYPE\b.*\bRENAME\s+VALUE\b"


@rule(
    "warning",
    means="A column is dropped.",
    hurts="The release that still runs names it in every SELECT and INSERT of its models, and "
    "fails. Its values are gone; the downgrade brings the column back empty.",
    instead="Release code that does not know the column (in the models: deferred or removed), then "
    "drop it, name it in the docstring and allow it here with that release as the reason.",
    manual="5.7.2 Removing a Column",
)
def column_dropped(seen: Observed) -> Iterator[Hit]:
    """Columns that are gone; an error when the docstring does not say that they are lost.

    Where a trial saw values lost, that is said by `undocumented_loss`.
    """
    renamed = {was for was, _ in renamed_columns(seen)}
    for change in column_changes(seen, "removed"):
        if change.name in renamed or seen.after is None:
            continue
        line = line_for(seen, r"DROP", table_name(change.name), change.name)
        yield _of_lost_column(seen, change.name, line, "is dropped")
    for name, line in _dropped_and_added(seen):
        yield _of_lost_column(seen, name, line, "is dropped and added again, which empties it")


@rule(
    "warning",
    means="A table is dropped.",
    hurts="The release that still runs fails where it names the table. Its rows are gone; the "
    "downgrade brings the table back empty.",
    instead="Release code that does not know the table, then drop it, name it in the docstring and "
    "allow it here with that release as the reason.",
    manual="5.5 Modifying Tables; DROP TABLE",
)
def table_dropped(seen: Observed) -> Iterator[Hit]:
    """Tables that are gone; an error when the docstring does not say so.

    Where a trial saw rows lost, that is said by `undocumented_loss`.
    """
    renamed = {was for was, _ in _renamed_tables(seen)}
    for change in seen.changes:
        if (change.object_kind, change.kind) != ("table", "removed") or change.name in renamed:
            continue
        is_seen = is_lost(seen, change.name)
        said = f"Table {change.name} is dropped{'' if is_seen else ' with its rows'}"
        is_told = is_seen or documents(seen, change.name)
        yield Hit(
            "upgrade",
            line_for(seen, r"DROP\s+TABLE|DROP", change.name),
            f"{said}." if is_told else f"{said}, and the docstring does not name it.",
            relation=change.name,
            severity="warning" if is_told else "error",
        )
    for name, statement in emptied_tables(seen):
        is_told = is_lost(seen, name) or documents(seen, name)
        said = f"Table {name} is dropped and made again, which empties it"
        yield Hit(
            "upgrade",
            statement.line,
            f"{said}." if is_told else f"{said}; the docstring does not name it.",
            relation=name,
            severity="warning" if is_told else "error",
        )


@rule(
    "warning",
    means="A view is dropped.",
    hurts="The release that still runs, and reports and other readers, fail where they name it.",
    instead="Release code that does not know the view, then drop it, name it in the docstring and "
    "allow it here with that release as the reason.",
    manual="DROP VIEW",
)
def view_dropped(seen: Observed) -> Iterator[Hit]:
    """Views that are gone, and did not become a table of the same name."""
    after = {parts(change.name) for change in seen.changes if change.kind == "added"}
    for change in seen.changes:
        is_view = change.object_kind in ("view", "materialized view")
        if change.kind != "removed" or not is_view or parts(change.name) in after:
            continue
        line = line_for(seen, r"\bVIEW\b|DROP", change.name)
        now = new_name(seen, change.object_kind, change.name)
        how = f"is renamed to {now}" if now else "is dropped"
        said = f"{change.object_kind.capitalize()} {change.name} {how}"
        yield Hit("upgrade", line, f"{said}: released code that names it fails.", change.name)


@rule(
    "error",
    means="A column is renamed.",
    hurts="From that moment on the release that still runs fails wherever it names the column, and "
    "the new release fails until then: no order of rolling out works.",
    instead="Add the new column, write both, fill it in batches, read the new one, drop the old "
    'one: a release each. Or leave the name to the model: mapped_column("old_name").',
    manual="5.7.7 Renaming a Column",
)
def column_renamed(seen: Observed) -> Iterator[Hit]:
    """Columns of tables of before under a new name."""
    for was, now in renamed_columns(seen):
        yield Hit(
            "upgrade",
            line_for(seen, r"\bRENAME\b", was, now),
            f"Column {was} is renamed to {bare(now)}: released code that names {bare(was)} fails.",
            relation=table_name(was),
        )


@rule(
    "error",
    means="A table is renamed, or moved to another schema.",
    hurts="From that moment on the release that still runs fails wherever it names the table.",
    instead="Leave a view of the old name in the same revision (a simple view can be written to), "
    "and drop it when no release uses it. Or leave the name to the model: __tablename__.",
    manual="5.7.8 Renaming a Table; CREATE VIEW, Updatable Views",
)
def table_renamed(seen: Observed) -> Iterator[Hit]:
    """Tables under a new name or in another schema, unless a view or a table has the old one."""
    for was, now in _renamed_tables(seen):
        if seen.after is None or ("view", was) in seen.after:
            continue
        if table_name(was) and ("schema", table_name(was)) not in seen.after:
            continue  # the schema is renamed, which is told once
        yield Hit(
            "upgrade",
            line_for(seen, r"\bRENAME\b", was, now),
            f"Table {was} is renamed to {now}: released code that names {was} fails.",
            relation=was,
        )


@rule(
    "error",
    means="A label of an enum is renamed.",
    hurts="The release that still runs fails where it writes the old label or compares with it, "
    "and does not know the new one when it reads it.",
    instead="Add the new label, release code that knows both, rewrite the rows; the old label "
    "stays, unused.",
    manual="ALTER TYPE",
)
def enum_value_renamed(seen: Observed) -> Iterator[Hit]:
    """Labels that are gone because they were renamed."""
    for change, lost, gained in _lost_labels(seen):
        if gained and statement_for(seen.upgrade, _RENAME_VALUE, change.name):
            yield Hit(
                "upgrade",
                line_for(seen, _RENAME_VALUE, change.name, lost[0]),
                f"Enum {change.name}: {', '.join(lost)} is renamed to {', '.join(gained)}: "
                f"released code that writes {', '.join(lost)} fails.",
                relation=change.name,
            )


@rule(
    "error",
    means="An enum loses labels.",
    hurts="The release that still runs fails where it writes a label that is gone or compares with "
    "it, and the change of type fails if a row has it.",
    instead="Leave the label and stop using it. Or a text column with a CHECK, which is easier to "
    "change than an enum.",
    manual="8.7 Enumerated Types",
)
def enum_value_removed(seen: Observed) -> Iterator[Hit]:
    """Labels that are gone because the type was made anew."""
    for change, lost, _ in _lost_labels(seen):
        if not statement_for(seen.upgrade, _RENAME_VALUE, change.name):
            yield Hit(
                "upgrade",
                line_for(seen, r"CREATE\s+TYPE", change.name),
                f"Enum {change.name} loses {', '.join(lost)}.",
                relation=change.name,
            )


def _of_lost_column(seen: Observed, name: str, line: int, how: str) -> Hit:
    is_seen = is_lost(seen, table_name(name), name)
    is_told = is_seen or documents(seen, name)
    values = "" if is_seen else "its values are lost and "
    said = f"Column {name} {how}: {values}released code that names it fails"
    return Hit(
        "upgrade",
        line,
        f"{said}." if is_told else f"{said}; the docstring does not name it.",
        relation=table_name(name),
        severity="warning" if is_told else "error",
    )


def renamed_columns(seen: Observed) -> Iterator[tuple[str, str]]:
    """Columns of tables of before, as they were called and as they are: seen, then gone and new."""
    gone = {change.name for change in column_changes(seen, "removed")}
    come = {change.name for change in column_changes(seen, "added")}
    for statement in own(seen.upgrade):
        found = _RENAME_COLUMN.match(statement.sql)
        if not found or statement.error:
            continue
        table, was, now = (_plain(found[part]) for part in ("table", "was", "now"))
        for name in sorted(gone):
            new = next(
                (n for n in come if table_name(n) == table_name(name) and bare(n) == now), ""
            )
            if new and bare(name) == was and bare(table_name(name)) == table:
                yield name, new


def _renamed_tables(seen: Observed) -> Iterator[tuple[str, str]]:
    """Tables of before that are called otherwise, or are in another schema, now."""
    for change in seen.changes:
        if (change.object_kind, change.kind) == ("table", "removed"):
            now = new_name(seen, "table", change.name)
            if now:
                yield change.name, now


def _dropped_and_added(seen: Observed) -> Iterator[tuple[str, int]]:
    """Columns that are there before and after, and were dropped in between."""
    for statement in own(seen.upgrade):
        found = _DROP_COLUMN.match(statement.sql)
        if not found or statement.error or seen.after is None:
            continue
        table, column = _plain(found["table"]), _plain(found["column"])
        for entry in seen.after.of_kind("column"):
            is_it = bare(entry.name) == column and bare(table_name(entry.name)) == table
            if is_it and entry.address in seen.before and was_table(seen, table_name(entry.name)):
                yield entry.name, statement.line or function_line(seen.revision.source, "upgrade")


def _lost_labels(seen: Observed) -> Iterator[tuple[Change, list[str], list[str]]]:
    for change in seen.changes:
        was, now = change.was, change.now
        if (change.object_kind, change.fact) == ("enum", "labels"):
            old = was if isinstance(was, tuple) else ()
            new = now if isinstance(now, tuple) else ()
            lost = [label for label in old if label not in new]
            if lost:
                yield change, lost, [label for label in new if label not in old]


def _plain(name: str) -> str:
    """The last part of a name of a statement, as the catalog has it: unquoted is lower case."""
    last = parts(name)[-1].strip()
    return last if name.rstrip().endswith('"') else last.lower()
