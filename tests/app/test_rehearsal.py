"""The application's history as a rehearsal sees it, from the first revision to the last."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pgrevise.testing.rehearsals import RehearsalUnderTest


@pytest.fixture(scope="module")
def history(rehearse: Callable[[str], RehearsalUnderTest]) -> RehearsalUnderTest:
    return rehearse("202405131015:head")


def test_no_revision_does_what_a_busy_server_would_notice(history: RehearsalUnderTest) -> None:
    assert [finding.sentence for finding in history.findings("error")] == []


def test_each_downgrade_restores_the_schema(history: RehearsalUnderTest) -> None:
    words = {r.observed.revision.identifier: r.verdict.downgrade for r in history.revisions}
    assert len(words) == 18
    assert set(words.values()) == {"restores"}


def test_the_queue_is_rewritten_by_none(history: RehearsalUnderTest) -> None:
    assert "queue_jobs" not in history.rewritten


def test_the_second_revision_is_known_to_scan_the_queue(history: RehearsalUnderTest) -> None:
    assert "queue_jobs" in history.scanned
    assert 0 < history.blocks_writes("queue_jobs") < 60
