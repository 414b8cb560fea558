"""How large tables are: read from a database, kept in a file, and what is wrong with either."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from pgrevise.errors import SettingsError
from pgrevise.postgres.connect import connect
from pgrevise.postgres.target import Target
from pgrevise.rehearsal.trial.statistics import (
    Row,
    Statistics,
    TableStatistics,
    load,
    mismatch,
    read,
    summed,
    written,
)

KNOWN = Statistics(
    "2026-11-01T08:00:00+00:00",
    "17.6",
    ("202601010001",),
    {"jobs": TableStatistics(1000, 8192, 16384), 'audit."We ird"': TableStatistics(None, 0, 0)},
)


def read_after(target: Target, *statements: str) -> Statistics:
    with connect(target) as connection:
        for statement in statements:
            connection.execute(statement.encode())
        return read(connection)


def rows_of(target: Target, *statements: str) -> int | None:
    return read_after(target, "CREATE TABLE t (a integer)", *statements).rows("t")


FILL = "INSERT INTO t SELECT generate_series(1, 1000)"
#: Hands over what was counted. On 14 a session does so by itself, when half a second has passed
#: since it did, and the collector takes its time.
HAND_OVER = """
DO $$ BEGIN
    IF current_setting('server_version_num')::int >= 150000 THEN
        PERFORM pg_stat_force_next_flush();
    ELSE
        PERFORM pg_sleep(1.5);
    END IF;
END $$
"""


def test_an_analyzed_table_has_its_estimate(database: Target) -> None:
    assert rows_of(database, FILL, "ANALYZE t") == 1000


def test_rows_since_then_are_reckoned_from_the_pages(database: Target) -> None:
    more = "INSERT INTO t SELECT generate_series(1, 9000)"
    assert rows_of(database, FILL, "ANALYZE t", more) == pytest.approx(10_000, rel=0.1)


def test_an_empty_table_has_no_rows(database: Target) -> None:
    assert rows_of(database) == 0


def test_a_table_that_was_never_analyzed_is_counted_by_the_server(database: Target) -> None:
    assert rows_of(database, FILL, HAND_OVER) == 1000


def test_what_nobody_counted_is_not_known(database: Target) -> None:
    forget = "SELECT pg_stat_reset_single_table_counters('t'::regclass)"
    assert rows_of(database, FILL, HAND_OVER, forget) is None


def test_sizes_are_of_the_table_with_its_toast_and_of_its_indexes(database: Target) -> None:
    found = read_after(
        database,
        "CREATE TABLE t (id int PRIMARY KEY, x text)",
        "ALTER TABLE t ALTER x SET STORAGE EXTERNAL",
        "INSERT INTO t SELECT i, repeat('x', 10000) FROM generate_series(1, 100) i",
    )
    assert (found.bytes("t") or 0) > 1_000_000
    assert found.tables["t"].index_bytes == 16384


def test_a_partitioned_table_is_its_partitions_together(database: Target) -> None:
    found = read_after(
        database,
        "CREATE TABLE t (a integer) PARTITION BY LIST (a)",
        "CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1)",
        "CREATE TABLE t2 PARTITION OF t FOR VALUES IN (2) PARTITION BY LIST (a)",
        "CREATE TABLE t3 PARTITION OF t2 DEFAULT",
        "INSERT INTO t SELECT 1 + i % 2 FROM generate_series(1, 1000) i",
        "ANALYZE",
    )
    assert [found.rows(name) for name in ("t", "t1", "t2", "t3")] == [1000, 500, 500, 500]
    assert found.bytes("t") == 2 * (found.bytes("t1") or 0)


def test_tables_are_named_as_sql_writes_them(database: Target) -> None:
    found = read_after(database, 'CREATE SCHEMA audit; CREATE TABLE audit."We ird" (a int)')
    assert found.tables.keys() == {'audit."We ird"'}


def test_it_says_what_it_is_of(database: Target) -> None:
    stamp = "CREATE TABLE alembic_version (version_num text); INSERT INTO alembic_version VALUES"
    found = read_after(database, f"{stamp} ('202601010001')")
    assert found.stamped == ("202601010001",)
    assert found.server[:2].isdigit()
    assert found.taken.endswith("+00:00")


def test_a_role_without_any_right_may_read_them(database: Target) -> None:
    role = sql.Identifier(f"nobody_{database.database}")
    with connect(database) as connection:
        connection.execute("CREATE TABLE t (a integer)")
        connection.execute("CREATE TABLE alembic_version (version_num text)")
        connection.execute(sql.SQL("CREATE ROLE {}").format(role))
        try:
            connection.execute(sql.SQL("SET ROLE {}").format(role))
            found = read(connection)
        finally:
            connection.execute("RESET ROLE")
            connection.execute(sql.SQL("DROP ROLE {}").format(role))
    assert (found.rows("t"), found.stamped) == (0, ())


def test_a_read_only_database_can_be_read(database: Target) -> None:
    assert rows_of(database, "SET default_transaction_read_only = on") == 0


def test_a_locked_table_is_not_waited_for(database: Target) -> None:
    with connect(database) as other:
        other.execute("CREATE TABLE t (a integer)")
        other.execute(FILL.encode())
        other.execute("VACUUM ANALYZE t")
        with other.transaction():
            other.execute("LOCK t")
            found = read_after(database)
    assert (found.rows("t"), found.is_exact) == (1000, False)
    assert found.bytes("t") == 40960


def test_a_partition_that_nobody_counted_leaves_the_whole_unknown() -> None:
    whole = Row(1, None, "p", "t", None, 0, 0, 0)
    parts = [Row(2, 1, "r", "t1", 10, 0, 80, 8), Row(3, 1, "r", "t2", None, 0, 20, 2)]
    assert summed([whole, *parts])["t"] == TableStatistics(None, 100, 10)


def test_a_file_holds_all_of_it(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text(written(KNOWN))
    assert load(tmp_path / "s.json") == KNOWN


def test_what_is_not_known_has_no_size() -> None:
    assert (KNOWN.rows("nobody"), KNOWN.bytes("nobody"), KNOWN.bytes("jobs")) == (None, None, 8192)


def changed(**facts: object) -> str:
    return json.dumps(json.loads(written(KNOWN)) | facts)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "damaged: it is no JSON"),
        ("[]", "does not hold statistics"),
        ("{}", "does not hold statistics"),
        ('{"format": "pgrevise statistics"}', "version None"),
        (changed(version=2), "in version 2 of their format"),
        (changed(tables={"jobs": {"rows": -1, "bytes": 0, "index_bytes": 0}}), "-1 is no size"),
        (changed(tables={"jobs": {"rows": 1}}), "'bytes' is missing"),
        (changed(tables=[]), "damaged"),
        (changed(taken="yesterday"), "yesterday"),
        (changed(stamped=1), "damaged"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "s.json").write_text(text)
    with pytest.raises(SettingsError) as refused:
        load(tmp_path / "s.json")
    assert words in refused.value.sentence
    assert "db.stats" in refused.value.next_step


@pytest.mark.parametrize("name", ["absent.json", "."])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load(tmp_path / name)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="it is no text"):
        load(tmp_path / "s.json")


def test_statistics_of_the_parent_need_no_note() -> None:
    assert mismatch(KNOWN, ["202601010001"], ["202601010001"], ["jobs"]) == ""


def test_statistics_of_an_earlier_schema_are_told() -> None:
    said = mismatch(KNOWN, ["202601010002"], ["202601010001", "202601010002"], ["jobs", "queues"])
    assert said == (
        "The statistics of 2026-11-01T08:00:00+00:00 are of 202601010001 and not of 202601010002; "
        "they do not have queues."
    )


def test_statistics_of_another_history_are_told() -> None:
    said = mismatch(KNOWN, ["b"], ["a", "b"], ["jobs"])
    assert said.endswith("are of 202601010001, which this checkout does not have.")


def test_tables_that_were_never_analyzed_are_told() -> None:
    said = mismatch(KNOWN, KNOWN.stamped, KNOWN.stamped, ['audit."We ird"'])
    assert said.endswith('do not know the rows of audit."We ird", which was never analyzed.')


def test_a_closed_connection_is_an_expected_failure(database: Target) -> None:
    from pgrevise.errors import StatementFailed

    connection = connect(database)
    connection.close()
    with pytest.raises(StatementFailed) as failed:
        read(connection)
    assert isinstance(failed.value.__cause__, psycopg.OperationalError)
