"""The rules about a revision tried with rows: that it fails, loses values, breaks released code.

For how long traffic stands still is judged in `stalls`. Which of them speaks where another rule
reasons the same from the schema is said in `tried`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pgrevise.catalog.keys import column_name
from pgrevise.rehearsal.facts import Direction, Observed, Passage
from pgrevise.rehearsal.rules.common import (
    bare,
    documents,
    function_line,
    line_for,
    statement_for,
)
from pgrevise.rehearsal.rules.evidence import listed
from pgrevise.rehearsal.rules.hints import hint
from pgrevise.rehearsal.rules.registry import Hit, rule
from pgrevise.rehearsal.rules.tried import (
    changed,
    depends_on_values,
    failing,
    is_allowed,
    is_brought_back,
    is_there,
    line_of,
    lost,
    refused,
)
from pgrevise.rehearsal.trial.facts import Broken, Loss, Trial

#: What to do where rows make a statement fail, by the beginning of the SQLSTATE.
_MEND = {
    "23502": "Give the column a server_default, or fill it in batches in a revision before this.",
    "23505": "Remove the duplicates in a revision before this; a unique index is then built "
    "concurrently.",
    "23514": "Mend the rows in a revision before this. ADD CONSTRAINT … NOT VALID takes new rows "
    "only, VALIDATE CONSTRAINT looks at the old ones when they are mended.",
    "23503": "Remove the rows that refer to nothing in a revision before this. ADD CONSTRAINT … "
    "NOT VALID takes new rows only.",
    "22": "Look at the values that do not fit and change them in a revision before this; or add a "
    "column of the new type, fill it in batches and switch to it.",
}
_NONE_SUCH = "If there are no such rows and can be none, allow this and say how you know."
_COLUMN = re.compile(
    r'column (?:"(?P<quoted>[^"]+)"|(?P<path>[\w$.]+))(?: of relation "(?P<table>[^"]+)")?'
)
_MOST_NAMED = 3


@rule(
    "error",
    means="The upgrade works on empty tables and fails when they have rows.",
    hurts="It fails in production, where the tables have rows, and nowhere before.",
    instead="Make the rows fit in a revision before this one; or add what is new without a claim "
    "about old rows (a server_default, NOT VALID), and make the claim when they fit.",
    by_trial=True,
)
def fails_on_existing_rows(seen: Observed) -> Iterator[Hit]:
    """Passages that work without rows and not with them; on the way down one step less severe.

    A warning where it is certain values that make it fail, which the schema allows.
    """
    for direction in ("upgrade", "downgrade"):
        passage = failing(seen, direction)
        if passage is None or seen.trial is None or is_allowed(seen, passage):
            continue
        how = "does not end" if passage.outcome == "hung" else "fails"
        said = " ".join(passage.error.split()).rstrip(".")
        depends = depends_on_values(seen, passage)
        yield Hit(
            direction,
            line_of(seen, passage),
            f"{direction}() works without rows and {how} with {_filled(seen.trial)}"
            f"{f': {said}' if said else ''}.",
            advice=f"{_advice(passage)} {_NONE_SUCH}" if depends else _advice(passage),
            severity="warning" if depends and direction == "upgrade" else None,
        )


@rule(
    "error",
    means="Values or rows are lost, and the docstring does not name them.",
    hurts="Nobody who rolls the revision out, or goes back, is told what does not come back.",
    instead="Name in the docstring the column whose values, or the table whose rows, are lost, and "
    "why that is right. Or keep them: leave the column, or copy the values where the downgrade "
    "finds them.",
    by_trial=True,
)
def undocumented_loss(seen: Observed) -> Iterator[Hit]:
    """What a trial saw lost, on the way up or after up and down."""
    for loss in lost(seen):
        if _is_told(seen, loss):
            continue
        direction, line = _place(seen, loss)
        if loss.column:
            example = f", such as {loss.was!r}" if loss.was is not None else ""
            said = (
                f"Column {loss.table}.{loss.column} loses its values: {_of(loss)} had one"
                f"{example}, and have none {_when(loss)}"
            )
        else:
            said = f"Table {loss.table} loses rows: {_of(loss)} are gone {_when(loss)}"
        yield Hit(
            direction,
            line,
            f"{said}; the docstring does not name {loss.column or loss.table}.",
            relation=loss.table,
            severity="error",
        )


@rule(
    "error",
    means="Columns that stay hold other values than before, and the docstring does not name them.",
    hurts="What was there cannot be told from what is there now. Where the downgrade does not "
    "bring the values back, they are lost.",
    instead="Name the column in the docstring and say what becomes of its values. If that is not "
    "meant, look for a cast that rounds or cuts, or a default in the place of what was dropped.",
    by_trial=True,
)
def values_changed(seen: Observed) -> Iterator[Hit]:
    """Changed values: an error when they stay so, a warning when the downgrade mends them."""
    for loss in changed(seen):
        if _is_told(seen, loss) or _is_relabelled(seen, loss):
            continue
        direction, line = _place(seen, loss)
        is_back = is_brought_back(seen, loss)
        if loss.column:
            values = f"{_quoted(loss.was)} became {_quoted(loss.became)}"
            said = f"Column {loss.table}.{loss.column}: {_of(loss)} hold another value"
        else:
            values, said = "", f"Table {loss.table}: {_of(loss)} are away"
        yield Hit(
            direction,
            line,
            f"{said} {_when(loss)}{f': {values}' if values else ''}"
            f"{'; the downgrade brings it back' if is_back else ''}.",
            relation=loss.table,
            severity="warning" if is_back else "error",
        )
    yield from _rows_left(seen)


@rule(
    "error",
    means="What released code does with a mapped class works before the upgrade and fails after.",
    hurts="While the revision is rolled out the release before it still runs, and every such "
    "request of it fails from that moment on.",
    instead="Split it into expand and contract: a revision that only adds, a release that uses it, "
    "and a revision that takes away when no release uses the old.",
    by_trial=True,
)
def breaks_released_code(seen: Observed) -> Iterator[Hit]:
    """What broke, for each class and each reason."""
    released = seen.trial.released if seen.trial else None
    if released is None or released.error:
        return
    by_reason: dict[tuple[str, str, str], list[Broken]] = {}
    for one in released.broken:
        reason = (one.mapped, one.table, _column(one) or one.error)
        by_reason.setdefault(reason, []).append(one)
    for (mapped, table, _), broken in by_reason.items():
        column = _column(broken[0])
        names = [name for name in (table, column) if name]
        done = listed(list(dict.fromkeys(one.operation for one in broken)))
        words = " ".join(broken[0].error.split()).rstrip(".")
        at = f" of {released.reference}" if released.reference else ""
        verb = "fails" if len({one.operation for one in broken}) == 1 else "fail"
        what = f"{mapped} still uses {column}" if column else f"{mapped} still uses {table}"
        yield Hit(
            "upgrade",
            line_for(seen, "", *names),
            f"{mapped}{at}: {done} {verb} after the upgrade: {words}.",
            relation=table,
            advice="Split it into expand and contract: first a revision that only adds, then a "
            f"release without what is old here ({what}), and when only that runs, a revision that "
            "takes away.",
        )


def _rows_left(seen: Observed) -> Iterator[Hit]:
    """Rows that were added and that the downgrade leaves, unless it does nothing at all."""
    if not seen.downgrade.statements:
        return
    for loss in seen.trial.losses if seen.trial else ():
        if loss.damage == "rows added" and loss.at == "downgrade" and not _is_told(seen, loss):
            yield Hit(
                "downgrade",
                function_line(seen.revision.source, "downgrade"),
                f"Table {loss.table} keeps {loss.rows:,} rows after upgrade and downgrade that it "
                "had not before.",
                relation=loss.table,
                severity="warning",
            )


def _is_told(seen: Observed, loss: Loss) -> bool:
    return documents(seen, _name(loss))


def _name(loss: Loss) -> str:
    """What is lost, as a catalog names it."""
    return column_name(loss.table, loss.column) if loss.column else loss.table


def _is_relabelled(seen: Observed, loss: Loss) -> bool:
    """Whether it is the label of an enum that is another, of which other rules speak."""
    enums = {c.name for c in seen.changes if (c.object_kind, c.fact) == ("enum", "labels")}
    for catalog in (seen.before, seen.after):
        for entry in catalog.of_kind("column") if catalog and enums else ():
            is_it = entry.parent == ("table", loss.table) and bare(entry.name) == loss.column
            if is_it and entry.facts.get("type") in enums:
                return True
    return False


def _place(seen: Observed, loss: Loss) -> tuple[Direction, int]:
    """The passage that is at fault and its line: what is gone after the upgrade was taken by it."""
    names = [loss.table, _name(loss)]
    if loss.at == "upgrade":
        return "upgrade", line_for(seen, r"\bDROP\b|\bUPDATE\b|\bDELETE\b|\bTYPE\b", *names)
    if not is_there(seen, loss):
        return "upgrade", line_for(seen, r"\bDROP\b|\bRENAME\b", *names)
    found = statement_for(seen.downgrade, "", *names)
    line = found.line if found else function_line(seen.revision.source, "downgrade")
    return "downgrade", line


def _when(loss: Loss) -> str:
    return "after the upgrade" if loss.at == "upgrade" else "after upgrade and downgrade"


def _column(broken: Broken) -> str:
    """The column that PostgreSQL's message is about, bare; "" when it names none."""
    found = _COLUMN.search(broken.error)
    return (found["quoted"] or found["path"].rpartition(".")[2]) if found else ""


def _advice(passage: Passage) -> str:
    if passage.outcome == "hung":
        return "Give it longer with --deadline SECONDS, or do it in batches."
    statement = refused(passage)
    state = statement.sqlstate if statement else ""
    known = (words for start, words in _MEND.items() if state.startswith(start))
    return next(known, "") or hint(passage.error)


def _filled(trial: Trial) -> str:
    """The tables that had rows: those that the revision touches, or a few of them."""
    touched = [t for t in trial.filled if t.is_touched] or list(trial.filled)
    named = [f"{t.rows:,} in {t.table}" for t in touched[:_MOST_NAMED]]
    more = len(touched) - len(named)
    named += [f"in {more} more tables" if more > 1 else "in another table"] if more else []
    return f"rows ({', '.join(named)})" if named else "rows"


def _of(loss: Loss) -> str:
    return f"{loss.rows:,} of {loss.of:,} rows"


def _quoted(value: str | None) -> str:
    return "NULL" if value is None else repr(value)
