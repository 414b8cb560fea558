"""Times at a size: what is measured, what it is scaled to, what clients saw, and the disk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pgrevise.errors import SettingsError, UsageError
from pgrevise.postgres.connect import connect
from pgrevise.postgres.target import Target
from pgrevise.rehearsal.trial import disk
from pgrevise.rehearsal.trial.facts import Stall, Trial
from pgrevise.rehearsal.trial.keeping import places
from tests.pgrevise.rehearsal.foreign import Foreign

HOLDING = "op.execute('LOCK TABLE a')\nop.execute('SELECT pg_sleep(0.5)')"


@pytest.fixture
def project(tmp_path: Path) -> Foreign:
    made = Foreign.made(tmp_path)
    made.revision("one", "op.execute('CREATE TABLE a (id int PRIMARY KEY, b text)')")
    return made


@pytest.fixture
def statistics(tmp_path: Path) -> Path:
    """Production has a million rows in ``a``."""
    size = {"rows": 1_000_000, "bytes": 10**8, "index_bytes": 10**7}
    told = {
        "format": "pgrevise statistics",
        "version": 1,
        "taken": "2026-01-01T00:00:00+00:00",
        "server": "17.6",
        "stamped": ["one"],
        "tables": {"a": size},
        "is_exact": True,
    }
    path = tmp_path / "stats.json"
    path.write_text(json.dumps(told))
    return path


def trial(project: Foreign, **options: object) -> Trial:
    found = project.only("two", **options).trial
    assert found is not None
    return found


def stall(found: Trial, traffic: str, direction: str = "upgrade") -> Stall:
    (one,) = (s for s in found.stalls if (s.traffic, s.direction) == (traffic, direction))
    return one


def test_without_a_size_nothing_is_measured(project: Foreign) -> None:
    project.revision("two", "op.execute('ALTER TABLE a ADD c int')", parent="one")
    found = trial(project)
    assert (found.timed, found.stalls) == ((), ())


def test_times_are_of_the_size_that_was_asked_for(project: Foreign) -> None:
    project.revision("two", "op.execute('CREATE INDEX i ON a (b)')", parent="one")
    found = trial(project, rows=3000)
    (one,) = found.timed
    assert (one.took.rows, one.took.measured, one.took.is_scaled) == (3000, (3000,), False)
    assert found.notes == ()


def test_only_what_is_blocked_stands_still(project: Foreign) -> None:
    project.revision("two", "op.execute('CREATE INDEX i ON a (b)')", parent="one")
    found = trial(project, rows=1000)
    assert [(s.table, s.traffic, s.line) for s in found.stalls] == [
        ("a", "writes", project.line("two", "CREATE INDEX"))
    ]


def test_both_ways_are_measured(project: Foreign) -> None:
    project.revision(
        "two",
        "op.execute('ALTER TABLE a ADD c int')",
        "op.execute('ALTER TABLE a DROP c')",
        parent="one",
    )
    found = trial(project, rows=1000)
    assert {one.direction for one in found.timed} == {"upgrade", "downgrade"}
    assert {one.direction for one in found.stalls} == {"upgrade", "downgrade"}


def test_a_downgrade_that_refuses_is_not_measured(project: Foreign) -> None:
    project.revision(
        "two", "op.execute('ALTER TABLE a ADD c int')", "raise RuntimeError('no')", parent="one"
    )
    assert {one.direction for one in trial(project, rows=1000).timed} == {"upgrade"}


def test_an_upgrade_that_fails_with_rows_is_not_measured(project: Foreign) -> None:
    project.revision("two", "op.execute('ALTER TABLE a ADD c int NOT NULL')", parent="one")
    assert trial(project, rows=1000).timed == ()


def test_a_stall_is_as_long_as_the_lock_is_held(project: Foreign) -> None:
    project.revision("two", HOLDING, parent="one")
    predicted = stall(trial(project, rows=1000), "reads").predicted
    assert predicted.low <= 0.5 <= predicted.high


def test_clients_see_what_the_locks_predict(project: Foreign) -> None:
    project.revision("two", HOLDING, parent="one")
    found = trial(project, rows=1000, is_probed=True)
    for traffic in ("reads", "writes"):
        one = stall(found, traffic)
        assert one.probed is not None
        assert one.probed == pytest.approx(one.predicted.seconds, rel=0.4)
        assert one.probed_rows == 1000


def test_times_are_scaled_to_production(project: Foreign, statistics: Path) -> None:
    project.revision("two", "op.execute('CREATE INDEX i ON a (b)')", parent="one")
    found = trial(project, rows=20_000, statistics=statistics)
    took = found.timed[0].took
    assert (took.rows, took.measured, took.is_scaled) == (1_000_000, (2000, 20_000), True)
    assert took.low <= took.seconds <= took.high
    assert found.notes == ()


def test_no_more_rows_are_made_than_production_has(project: Foreign, statistics: Path) -> None:
    statistics.write_text(statistics.read_text().replace("1000000", "500"))
    project.revision("two", "op.execute('CREATE INDEX i ON a (b)')", parent="one")
    took = trial(project, rows=20_000, statistics=statistics).timed[0].took
    assert (took.rows, took.measured) == (500, (500,))


def test_statistics_of_another_schema_are_noted(project: Foreign, statistics: Path) -> None:
    statistics.write_text(statistics.read_text().replace('"one"', '"elsewhere"'))
    project.revision("two", "op.execute('CREATE INDEX i ON a (b)')", parent="one")
    (note,) = trial(project, rows=1000, statistics=statistics).notes
    assert "elsewhere" in note


def test_statistics_that_are_not_there_stop_it_at_once(project: Foreign, tmp_path: Path) -> None:
    project.revision("two", parent="one")
    with pytest.raises(SettingsError, match="cannot be read"):
        project.only("two", statistics=tmp_path / "none")


def test_a_disk_that_is_too_small_is_told_before_it_is_filled(project: Foreign) -> None:
    project.revision("two", "op.execute('CREATE INDEX i ON a (b)')", parent="one")
    with pytest.raises(UsageError, match=r"10,000,000,000 rows\) takes about .* to spare"):
        project.only("two", rows=10**10)


def test_a_table_that_cannot_have_so_many_rows_is_noted(project: Foreign) -> None:
    project.revision("one", "op.execute('CREATE TABLE a (b boolean NOT NULL UNIQUE)')")
    project.revision("two", "op.execute('ALTER TABLE a ADD c int')", parent="one")
    assert "with 2 rows in a instead of 500" in trial(project, rows=500).notes[0]


def test_the_next_revision_begins_without_the_rows(project: Foreign) -> None:
    project.revision("two", "op.execute('CREATE INDEX i ON a (b)')", parent="one")
    project.revision(
        "three",
        "assert op.get_bind().exec_driver_sql('SELECT count(*) FROM a').scalar() == 0",
        parent="two",
    )
    rehearsal = project.rehearse("two:three", rows=500, is_probed=True)
    assert rehearsal.revisions[1].observed.upgrade.outcome == "done"


def test_the_room_that_rows_take_is_guessed_on_the_safe_side(database: Target) -> None:
    with connect(database) as connection:
        connection.execute(
            "CREATE TABLE a AS SELECT i AS id, 'x' AS b FROM generate_series(1, 100) i"
        )
        connection.execute("CREATE INDEX ON a (id)")
        (place,) = places(connection)
        guessed = disk.needed(connection, {place: 20_000})
        connection.execute("INSERT INTO a SELECT i, 'x' FROM generate_series(101, 20000) i")
        ((taken,),) = connection.execute("SELECT pg_total_relation_size('a')").fetchall()
    assert int(str(taken)) < guessed < 20 * int(str(taken))


@pytest.mark.parametrize(
    ("size", "words"), [(12, "12 bytes"), (12_345_678_901, "12.3 GB"), (10**15, "1000.0 TB")]
)
def test_sizes_are_told_as_people_say_them(size: int, words: str) -> None:
    assert disk.in_words(size) == words
