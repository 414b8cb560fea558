"""Ready-made migration tests; a project takes them all with one line in a test file of its own.

    from pgrevise.migration_tests import *  # noqa: F403

They judge one walk over the history (`pgrevise.testing.walk`), which the first of them makes. Each
says what is wrong, with which revision, and what to do; there is no traceback, because the failing
line is in a revision and not here. The databases are those of `pgrevise.testing.history`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from pgrevise.history.names import FILE_NAME, IDENTIFIER
from pgrevise.testing.failing import failing_plainly

if TYPE_CHECKING:
    from sqlalchemy import MetaData

    from pgrevise.catalog import Catalog, Change
    from pgrevise.history.listing import Entry as Listed
    from pgrevise.testing.history import HistoryUnderTest
    from pgrevise.testing.walk import Walk, Wrong

__all__ = [
    "test_a_second_upgrade_does_nothing",
    "test_downgrade_to_base_leaves_nothing",
    "test_each_downgrade_restores_the_schema",
    "test_history_has_one_head",
    "test_identifiers_are_names_and_grow",
    "test_models_equal_history",
    "test_names_follow_the_convention",
    "test_one_by_one_gives_the_same_as_all_at_once",
    "test_upgrade_after_downgrade_gives_the_same",
    "test_upgrade_reaches_head",
]

#: So many differences are shown of one revision.
_SHOWN = 12


def test_history_has_one_head(history_under_test: HistoryUnderTest) -> None:
    """Nobody has to choose between two newest revisions."""
    heads = sorted(e.revision for e in _listing(history_under_test) if "head" in e.marks)
    if len(heads) > 1:
        _fail(
            f"The history has {len(heads)} heads: {', '.join(heads)}.",
            "Two revisions were written on the same parent, on two branches of the code.",
            'Join them with: invoke db.merge "join the branches"; '
            "or let one follow the other by its down_revision.",
        )


def test_identifiers_are_names_and_grow(history_under_test: HistoryUnderTest) -> None:
    """A timestamp identifier is a minute, begins its file's name, and is after its parents'.

    Identifiers of another form are left alone: they are older than the toolkit.
    """
    wrong = []
    for entry in _listing(history_under_test):
        if not IDENTIFIER.fullmatch(entry.revision):
            continue
        name = Path(entry.file).name
        parts = FILE_NAME.fullmatch(name)
        if not _is_a_minute(entry.revision):
            wrong.append(f"{name}: {entry.revision} is no date and time.")
        if parts is None or parts["identifier"] != entry.revision:
            wrong.append(f"{name}: the file is not named {entry.revision}_<words>.py.")
        later = [p for p in entry.parents if IDENTIFIER.fullmatch(p) and p >= entry.revision]
        wrong += [f"{name}: its parent {parent} is not older." for parent in later]
    if wrong:
        _fail(
            "Identifiers of revisions are not as they should be.",
            *wrong,
            "Rename the file, its `revision` and the `down_revision` of the one after it, as long "
            "as no database that counts has applied it. New ones get it right: invoke db.new.",
        )


def test_upgrade_reaches_head(history_under_test: HistoryUnderTest) -> None:
    """Every revision can be applied, one after the other, to an empty database."""
    walk = _walk(history_under_test)
    if walk.stopped:
        _fail("The history cannot be applied to an empty database.", walk.stopped)


def test_a_second_upgrade_does_nothing(history_under_test: HistoryUnderTest) -> None:
    """At head there is nothing left to do."""
    walk = _walked(history_under_test)
    if walk.repeated or walk.repeat_changes:
        again = f"It applied {', '.join(walk.repeated)}." if walk.repeated else ""
        _fail(
            "A second upgrade, right after the first one, did something.",
            again,
            *_sentences(walk.repeat_changes),
            "A revision or env.py changes the version table or the schema behind Alembic's back.",
        )


def test_each_downgrade_restores_the_schema(history_under_test: HistoryUnderTest) -> None:
    """After `downgrade` the schema is what it was before `upgrade`, revision by revision."""
    walk = _walked(history_under_test)
    if not walk.downgrades:
        return
    lines = []
    for wrong in walk.downgrades:
        if wrong.error:
            lines += [f"Revision {_named(walk, wrong)} cannot be undone:", f"  {wrong.error}"]
        else:
            lines += [
                f"Revision {_named(walk, wrong)} was undone, and the schema is not what it was:",
                *_sentences(wrong.changes),
            ]
    if not walk.looked_at_all:
        lines.append("Older revisions were not looked at: mend these first.")
    _fail(
        *lines,
        "Mend downgrade() of that revision: it has to drop what upgrade() creates, and create "
        "again, exactly, what upgrade() drops or changes.",
    )


def test_downgrade_to_base_leaves_nothing(history_under_test: HistoryUnderTest) -> None:
    """After undoing the whole history nothing of it is there."""
    walk = _walked(history_under_test)
    if not walk.looked_at_all:
        pytest.skip("too many downgrades are wrong: see test_each_downgrade_restores_the_schema")
    if walk.leftovers:
        _fail(
            "After downgrading to base the schema is not what it was before the first upgrade:",
            *_sentences(walk.leftovers),
            "Mend downgrade() of the revision that creates or changes it.",
        )


def test_upgrade_after_downgrade_gives_the_same(history_under_test: HistoryUnderTest) -> None:
    """Going up once more, after having been down, gives the same schema at each revision."""
    walk = _walked(history_under_test)
    if walk.again:
        _fail(
            *_differs(walk, walk.again, "applied again, after a downgrade to base,"),
            "A downgrade leaves something behind that is not part of the schema (a role, a "
            "setting of the database, rows that upgrade() asks for), or upgrade() depends on what "
            "was there before. Mend downgrade() of the revision that made it.",
        )


def test_one_by_one_gives_the_same_as_all_at_once(history_under_test: HistoryUnderTest) -> None:
    """No revision depends on what an earlier one did to the session."""
    walk = _walked(history_under_test)
    if walk.one_by_one:
        _fail(
            *_differs(walk, walk.one_by_one, "applied in a session of its own"),
            "It depends on what an earlier revision did to the session: a SET, a SET ROLE, a "
            "temporary table. Use SET LOCAL there, or say it again in this revision.",
        )


def test_models_equal_history(history_under_test: HistoryUnderTest) -> None:
    """The models and the revisions describe the same schema."""
    from pgrevise.catalog import diff

    head = _walked(history_under_test).head
    changes = diff(head, _models(history_under_test)) if head else []
    if changes:
        _fail(
            "The models and the history do not describe the same schema. From what the revisions "
            "build to what the models declare:",
            *_sentences(changes),
            "What is new is only in the models: write the revision that is missing, with "
            'invoke db.new "describe change". What is missing is only in the history: declare it '
            "in the models, or write a revision that drops it.",
        )


def test_names_follow_the_convention(history_under_test: HistoryUnderTest) -> None:
    """Constraints and indexes are named by the models' naming convention, as far as it goes."""
    from pgrevise.catalog.naming import fits, named

    head = _walked(history_under_test).head
    conventions = [m.naming_convention for m in _metadata(history_under_test)]
    patterns = {
        kind: [str(c[kind]) for c in conventions if isinstance(c.get(kind), str)]
        for kind in ("pk", "uq", "fk", "ck", "ix")
    }
    if not any(patterns[kind] for kind in ("pk", "uq", "fk", "ck")):
        pytest.skip("the models' MetaData has no naming_convention")
    wrong = [
        f"  {found.kind} {found.name} of table {found.table}, "
        f"where the convention is {' or '.join(patterns[found.prefix])}"
        for found in named(head or ())
        if patterns[found.prefix]
        and not any(fits(found.name, found.table, p) for p in patterns[found.prefix])
    ]
    if wrong:
        _fail(
            "Names in the schema that do not follow the naming convention of the models:",
            *wrong[:_SHOWN],
            *_more(wrong),
            "Rename them in a new revision (ALTER … RENAME takes a lock for a moment only), and "
            "leave names out of op.create_… so that the convention gives them.",
        )


def _fail(*lines: str) -> NoReturn:
    """Fail with these lines; the last is what to do next."""
    pytest.fail("\n".join(line for line in lines if line), pytrace=False)


def _listing(subject: HistoryUnderTest) -> list[Listed]:
    with failing_plainly():
        return subject.listing


def _metadata(subject: HistoryUnderTest) -> Sequence[MetaData]:
    with failing_plainly():
        return subject.metadata


def _models(subject: HistoryUnderTest) -> Catalog:
    with failing_plainly():
        return subject.models


def _walk(subject: HistoryUnderTest) -> Walk:
    with failing_plainly():
        return subject.walk


def _walked(subject: HistoryUnderTest) -> Walk:
    """The walk, if it came so far that there is something to judge."""
    walk = _walk(subject)
    if walk.stopped:
        pytest.skip("the history cannot be applied: see test_upgrade_reaches_head")
    return walk


def _differs(walk: Walk, wrongs: Iterable[Wrong], how: str) -> list[str]:
    lines = []
    for wrong in wrongs:
        if wrong.error:
            lines += [f"Revision {_named(walk, wrong)} fails when it is {how}:", f"  {wrong.error}"]
        else:
            lines += [f"Revision {_named(walk, wrong)}, {how} gives another schema:"]
            lines += _sentences(wrong.changes)
    return lines


def _named(walk: Walk, wrong: Wrong) -> str:
    return " and ".join(f"{r} ({walk.subjects.get(r, '')})" for r in wrong.revisions)


def _sentences(changes: Sequence[Change]) -> list[str]:
    lines = [f"  {change.sentence}" for change in changes]
    return [*lines[:_SHOWN], *_more(lines)]


def _more(lines: Sequence[str]) -> list[str]:
    return [f"  and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []


def _is_a_minute(identifier: str) -> bool:
    try:
        datetime.strptime(f"{identifier}+0000", "%Y%m%d%H%M%z")
    except ValueError:
        return False
    return True
