"""A walk shared between two processes says what one process would say."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from pgrevise.history.listing import listing
from pgrevise.postgres.scratch import scratch_databases, scratch_server
from pgrevise.postgres.target import Target
from pgrevise.postgres.templates import open_templates
from pgrevise.testing import shared
from pgrevise.testing.quick import Part, quick_walk
from pgrevise.testing.results import Walk
from pgrevise.testing.shared import shared_walk
from tests.pgrevise.conftest import Project

IDENTIFIERS = [f"2024010{number}0000" for number in range(1, 7)]
MIDDLE = 4


@pytest.fixture(autouse=True)
def _six_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "LONG", 6)


@pytest.fixture
def six(project: Project) -> Project:
    """Six revisions on one line, each of them right."""
    for number in range(len(IDENTIFIERS)):
        write(project, number, f"CREATE TABLE t{number} (a int)", f"DROP TABLE t{number}")
    return project


def write(project: Project, number: int, upgrade: str, *downgrade: str) -> None:
    project.revision(
        IDENTIFIERS[number],
        f"op.execute({upgrade!r})",
        "\n".join(f"op.execute({statement!r})" for statement in downgrade) or "pass",
        parent=IDENTIFIERS[number - 1] if number else None,
    )


def walked(project: Project) -> Walk | None:
    def private(stack: ExitStack) -> Callable[[], Target]:
        server = stack.enter_context(scratch_server(project.settings))
        return stack.enter_context(open_templates(project.settings, server, "")).empty

    with ExitStack() as stack:
        empty = private(stack)
        return shared_walk(project.settings, empty, listing(project.settings), private)


def test_a_right_history_is_seen_as_by_one_process(six: Project, server: Target) -> None:
    seen = walked(six)
    with scratch_databases(server) as (database,):
        assert seen == quick_walk(six.settings, lambda: database)
    assert seen is not None
    assert seen.order == IDENTIFIERS


@pytest.mark.parametrize("number", [1, MIDDLE - 1, MIDDLE, 5])
def test_what_a_downgrade_leaves_is_seen_in_either_part(six: Project, number: int) -> None:
    write(six, number, f"CREATE TABLE t{number} (a int)")
    assert walked(six) is None


@pytest.mark.parametrize("number", [1, 5])
def test_what_only_a_second_upgrade_stumbles_over_is_seen(six: Project, number: int) -> None:
    upgrade = f"CREATE TABLE t{number} (a int); SELECT lo_create({4000 + number})"
    write(six, number, upgrade, f"DROP TABLE t{number}")
    assert walked(six) is None


def test_a_middle_that_is_made_again_in_another_way_is_right(six: Project, server: Target) -> None:
    again = ("ALTER TABLE t0 ADD a int",)
    write(six, MIDDLE, "ALTER TABLE t0 DROP a", *again)
    with scratch_databases(server) as (database,):
        part = Part(bottom=IDENTIFIERS[MIDDLE - 1], below=MIDDLE)
        seen = quick_walk(six.settings, lambda: database, part)
    assert seen is not None
    assert walked(six) == seen


def test_branches_are_walked_by_one_process(six: Project) -> None:
    six.revision("202402010000", "pass", parent=IDENTIFIERS[2])
    seen = walked(six)
    assert seen is not None
    assert len(seen.order) == len(IDENTIFIERS) + 1


def test_no_process_is_left(six: Project) -> None:
    write(six, 5, "CREATE TABLE t5 (a int)")
    walked(six)
    assert multiprocessing.active_children() == []
