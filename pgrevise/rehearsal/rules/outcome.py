"""The rules about what became of the passages: up, down and up again.

What counts as which outcome is decided in `pgrevise.rehearsal.verdict`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from pgrevise.rehearsal.facts import Observed, Passage, Severity
from pgrevise.rehearsal.rules.common import function_line, module
from pgrevise.rehearsal.rules.hints import hint
from pgrevise.rehearsal.rules.registry import Hit, rule
from pgrevise.rehearsal.verdict import (
    cannot_be_undone,
    is_order_of_columns,
    sentences,
    verdict_of,
)

_DOWNGRADE = re.compile(
    r"downgrad|undo|undone|revers|way back|roll(ed)? back|restor", re.IGNORECASE
)
_REFUSAL = re.compile(
    r"\b(cannot|can't|can not|not|no|never|impossible|irrevers\w*|refus\w*|rais\w*)\b",
    re.IGNORECASE,
)
#: How a passage's error tells that it was not PostgreSQL that kept it.
_PYTHON_GOES_ON = "its Python code had not ended, and no statement was running"
_MEND = (
    "Let downgrade() drop what upgrade() creates, and create again, exactly, what upgrade() drops "
    "or changes."
)


@rule(
    "error",
    means="The upgrade fails on a real PostgreSQL, or could not be tried because one before it "
    "fails.",
    hurts="It fails in production too, or leaves there what it had committed before.",
    instead="Mend the statement that the server refuses; where the history does not start from an "
    "empty database, give --baseline FILE.sql.",
)
def upgrade_fails(seen: Observed) -> Iterator[Hit]:
    """An upgrade that fails."""
    passage = seen.upgrade
    if passage.outcome in ("failed", "refused"):
        yield Hit(
            "upgrade",
            passage.error_line,
            f"upgrade() fails{_said(passage)}.",
            advice=hint(passage.error),
        )
    if passage.outcome == "skipped":
        line = function_line(seen.revision.source, "upgrade")
        yield Hit("upgrade", line, f"upgrade() was not tried{_said(passage)}.")


@rule(
    "error",
    means="The upgrade does not end within the deadline.",
    hurts="What hangs on an idle server waits for itself: it hangs in production too, and keeps "
    "its locks meanwhile.",
    instead="Do everything on the connection that Alembic gives (op.get_bind()); a second one "
    "waits for the locks of the first for ever.",
    manual="13.3.4 Deadlocks",
)
def upgrade_hangs(seen: Observed) -> Iterator[Hit]:
    """An upgrade that hangs."""
    if seen.upgrade.outcome == "hung":
        line = seen.upgrade.error_line or function_line(seen.revision.source, "upgrade")
        advice = (
            "Let it end by itself, or give it longer: --deadline SECONDS."
            if _PYTHON_GOES_ON in seen.upgrade.error
            else ""
        )
        yield Hit("upgrade", line, f"upgrade() hangs{_said(seen.upgrade)}.", advice=advice)


@rule(
    "error",
    means="After upgrade and downgrade, a second upgrade fails or hangs, though the schema was "
    "restored.",
    hurts="Who has gone back once cannot go forward again: the downgrade leaves something that is "
    "not part of the schema, such as rows, a role or a setting.",
    instead="Let downgrade() take away what upgrade() adds: the rows it inserts, the roles it "
    "creates.",
)
def second_upgrade_fails(seen: Observed) -> Iterator[Hit]:
    """A second upgrade that fails although the schema is as before the first."""
    verdict = verdict_of(seen)
    if verdict.second_upgrade in ("fails", "hangs") and not _is_restored_wrongly(seen):
        passage = seen.second_upgrade
        line = passage.error_line or function_line(seen.revision.source, "upgrade")
        how = "hangs" if passage.outcome == "hung" else "fails"
        yield Hit("second_upgrade", line, f"A second upgrade {how}{_said(passage)}.")


@rule(
    "error",
    means="A second upgrade, after a downgrade that restored the schema, gives another schema.",
    hurts="Databases that went back once differ from the others, and no revision tells how.",
    instead="Let the revision depend on nothing but the schema: not on rows, the clock or chance.",
)
def second_upgrade_differs(seen: Observed) -> Iterator[Hit]:
    """A second upgrade whose schema differs from the first one's."""
    if seen.second_differences and not _is_restored_wrongly(seen):
        line = function_line(seen.revision.source, "upgrade")
        said = sentences(seen.second_differences)
        yield Hit("second_upgrade", line, f"A second upgrade gives another schema: {said}.")


@rule(
    "error",
    means="The downgrade leaves another schema than there was before the upgrade.",
    hurts="Going back does not bring the old state back: the next upgrade may fail, and the old "
    "release runs on a schema that nobody has tested.",
    instead=_MEND,
)
def downgrade_does_not_restore(seen: Observed) -> Iterator[Hit]:
    """A downgrade that leaves a different schema."""
    if verdict_of(seen).downgrade == "leaves a different schema":
        left = [c for c in seen.differences if not cannot_be_undone(seen, c)]
        yield _of_downgrade(seen, f"downgrade() leaves another schema: {sentences(left)}.", "error")


@rule(
    "error",
    means="The downgrade does nothing, though the upgrade did something.",
    hurts="Alembic records that the revision was undone, and it was not: the next upgrade meets "
    "its own leftovers.",
    instead=f"{_MEND} If there is no way back, raise NotImplementedError and say so in the "
    "docstring.",
)
def downgrade_is_empty(seen: Observed) -> Iterator[Hit]:
    """A downgrade without a statement. Rows alone are worth knowing, a schema is an error."""
    if verdict_of(seen).downgrade != "is empty":
        return
    if seen.differences:
        said = f"downgrade() does nothing; it leaves: {sentences(seen.differences)}."
        yield _of_downgrade(seen, said, "error")
    else:
        said = "downgrade() does nothing; the rows that upgrade() wrote stay."
        yield _of_downgrade(seen, said, "info")


@rule(
    "error",
    means="The downgrade fails.",
    hurts="In the hour when it is needed there is no way back.",
    instead="Mend the statement that the server refuses; what cannot be undone raises "
    "NotImplementedError.",
)
def downgrade_fails(seen: Observed) -> Iterator[Hit]:
    """A downgrade that fails, but not on purpose."""
    passage = seen.downgrade
    if verdict_of(seen).downgrade == "fails":
        line = passage.error_line or function_line(seen.revision.source, "downgrade")
        yield Hit(
            "downgrade",
            line,
            f"downgrade() fails{_said(passage)}.",
            advice=hint(passage.error),
            severity="error",
        )


@rule(
    "error",
    means="The downgrade does not end within the deadline.",
    hurts="It hangs when it is needed, and keeps its locks meanwhile.",
    instead="Do everything on the connection that Alembic gives (op.get_bind()).",
    manual="13.3.4 Deadlocks",
)
def downgrade_hangs(seen: Observed) -> Iterator[Hit]:
    """A downgrade that hangs."""
    if verdict_of(seen).downgrade == "hangs":
        line = seen.downgrade.error_line or function_line(seen.revision.source, "downgrade")
        said = f"downgrade() hangs{_said(seen.downgrade)}."
        yield Hit("downgrade", line, said, severity="error")


@rule(
    "warning",
    means="The downgrade raises on purpose.",
    hurts="There is no way back but a backup. That can be right; whoever rolls the revision out "
    "has to know it beforehand.",
    instead="Say in the revision's docstring that it cannot be undone, and why.",
)
def downgrade_refused(seen: Observed) -> Iterator[Hit]:
    """A downgrade that refuses; a warning only if the docstring does not say so."""
    if verdict_of(seen).downgrade != "raises on purpose":
        return
    texts = [seen.revision.docstring, _docstring(seen.revision.source, "downgrade")]
    if any(_DOWNGRADE.search(text) and _REFUSAL.search(text) for text in texts):
        yield _of_downgrade(seen, f"downgrade() refuses, as the docstring says{_cause(seen)}.")
    else:
        said = f"downgrade() refuses, and the docstring does not say so{_cause(seen)}."
        yield _of_downgrade(seen, said, "warning")


@rule(
    "info",
    means="The downgrade restores everything but the order of columns.",
    hurts="SELECT * and INSERT without a list of columns see another table, and so does COPY.",
    instead="Nothing, if the code names its columns: PostgreSQL adds a column at the end only. An "
    "exact way back renames the column, and drops it in a later revision.",
    manual="5.7.1 Adding a Column",
)
def downgrade_changes_column_order(seen: Observed) -> Iterator[Hit]:
    """A downgrade after which only the order of columns differs."""
    if verdict_of(seen).downgrade == "differs in column order only":
        yield _of_downgrade(seen, f"After downgrade() {sentences(seen.differences)}.")


@rule(
    "info",
    means="The downgrade leaves labels of an enum or extensions, which PostgreSQL cannot undo or "
    "others may use.",
    hurts="The next upgrade meets them again: ADD VALUE without IF NOT EXISTS fails then.",
    instead="Leave it so, and add the label with ADD VALUE IF NOT EXISTS. Taking a label away "
    "means a new type and a rewrite of every table that uses it.",
    manual="ALTER TYPE",
)
def downgrade_leaves_label(seen: Observed) -> Iterator[Hit]:
    """A downgrade that leaves enum labels or extensions."""
    left = [c for c in seen.differences if cannot_be_undone(seen, c)]
    if left and verdict_of(seen).downgrade == "leaves what PostgreSQL cannot undo":
        also = [c for c in seen.differences if is_order_of_columns(c)]
        yield _of_downgrade(seen, f"downgrade() leaves: {sentences([*left, *also])}.")


def _of_downgrade(seen: Observed, sentence: str, severity: Severity = "info") -> Hit:
    line = function_line(seen.revision.source, "downgrade")
    return Hit("downgrade", line, sentence, severity=severity)


def _is_restored_wrongly(seen: Observed) -> bool:
    """Whether the downgrade is at fault already, so that what follows is no news."""
    verdict = verdict_of(seen).downgrade
    return verdict == "leaves a different schema" or (
        verdict == "is empty" and bool(seen.differences)
    )


def _said(passage: Passage) -> str:
    words = " ".join(passage.error.split()).rstrip(".")
    return f": {words}" if words else ""


def _cause(seen: Observed) -> str:
    words = " ".join(seen.downgrade.error.split()).rstrip(".")
    return f" ({words})" if words else ""


def _docstring(source: str, function: str) -> str:
    for node in module(source).body:
        if isinstance(node, ast.FunctionDef) and node.name == function:
            return ast.get_docstring(node) or ""
    return ""
