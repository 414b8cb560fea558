"""Ready-made tests of what is new; a project takes them with one line in a test file of its own.

    from pgrevise.rehearsal_tests import *  # noqa: F403

They rehearse the revisions that the branch adds (`pgrevise.rehearsal.selection`) and fail with what
`invoke db.rehearse` would say. Whole histories are the business of `pgrevise.migration_tests`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pgrevise.testing.rehearsals import RehearsalUnderTest

__all__ = ["test_what_is_new_can_be_undone", "test_what_is_new_is_safe"]


def test_what_is_new_is_safe(rehearsal: RehearsalUnderTest) -> None:
    """No rule finds an error in the revisions of this branch."""
    found = rehearsal.findings("error")
    if found:
        lines = [f"{f.file}:{f.line}: {f.sentence} ({f.rule})\n  {f.advice}" for f in found]
        pytest.fail("\n".join(lines), pytrace=False)


def test_what_is_new_can_be_undone(rehearsal: RehearsalUnderTest) -> None:
    """Each downgrade gives back the schema of before, or says that it cannot."""
    fine = ("restores", "raises on purpose", "leaves what PostgreSQL cannot undo", "not tried")
    lines = []
    for rehearsed in rehearsal.revisions:
        if rehearsed.verdict.downgrade not in fine:
            lines += [f"{rehearsed.observed.revision.file}: {rehearsed.verdict.words}"]
            lines += [f"  {sentence}" for sentence in rehearsed.verdict.differences]
    if lines:
        pytest.fail("\n".join(lines), pytrace=False)
