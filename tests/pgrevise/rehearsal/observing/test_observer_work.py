"""What PostgreSQL had to do: rewrites with their reason, index builds, scans, rows, files."""

from __future__ import annotations

import pytest

from pgrevise import catalog
from pgrevise.catalog.tracking import Tracker
from pgrevise.postgres.connect import connect
from pgrevise.postgres.target import Target
from pgrevise.rehearsal.facts import Statement
from pgrevise.rehearsal.observing.observer import install
from tests.pgrevise.rehearsal.observing.bench import DRIVERS, Bench


def rewritten(statement: Statement) -> dict[str, str]:
    """The tables that got a new file, each with the reason."""
    found = statement.rewrites
    return {each.relation.name: each.reason for each in found if each.relation.kind == "table"}


def built(statement: Statement) -> dict[str, bool]:
    """The indexes that were built, and whether they were there."""
    return {build.index.name: build.was_there for build in statement.builds}


def scanned(statement: Statement) -> dict[str, int]:
    """The tables that were read in full, and how often."""
    return {scan.relation.name: scan.count for scan in statement.scans}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("ADD COLUMN x float DEFAULT random()", "a column's default"),
        ("ADD COLUMN x positive", "a column's default"),
        ("ADD COLUMN x bigserial", "a column's default"),
        ("ALTER COLUMN state TYPE int USING 1", "a column's type"),
        ("SET UNLOGGED", "its persistence"),
    ],
)
def test_a_rewrite_tells_its_reason(tables: Bench, change: str, reason: str) -> None:
    tables.before("CREATE DOMAIN positive AS int CHECK (value > 0)")
    seen = tables.seen(f'op.execute("ALTER TABLE jobs {change}")')
    assert rewritten(seen) == {"jobs": reason}
    assert built(seen) == {"jobs_pkey": True, "ix_jobs_at": True}


@pytest.mark.parametrize("how", ["TRUNCATE jobs", "CLUSTER jobs USING jobs_pkey"])
def test_a_rewrite_that_postgresql_does_not_explain_is_seen(tables: Bench, how: str) -> None:
    assert rewritten(tables.seen(f'op.execute("{how}")')) == {"jobs": ""}


@pytest.mark.parametrize(
    "change",
    [
        "ALTER COLUMN state TYPE varchar(40)",
        "ALTER COLUMN state TYPE text",
        "ADD COLUMN x int DEFAULT 1",
        "ADD COLUMN x bigint REFERENCES queues",
        "ADD CONSTRAINT natural_id CHECK (id > 0) NOT VALID",
    ],
)
def test_what_only_changes_the_catalog_does_no_work(tables: Bench, change: str) -> None:
    tables.before("CREATE INDEX ix_jobs_state ON jobs (state)")
    seen = tables.seen(f'op.execute("ALTER TABLE jobs {change}")')
    assert (seen.rewrites, seen.builds, scanned(seen)) == ((), (), {})


def test_a_change_of_time_zone_builds_the_index_again(tables: Bench) -> None:
    seen = tables.run(
        """
        op.execute("SET LOCAL timezone = 'UTC'")
        op.execute("ALTER TABLE jobs ALTER COLUMN at TYPE timestamptz")
        """
    )[-1]
    assert rewritten(seen) == {}
    assert built(seen) == {"ix_jobs_at": True}


def test_a_new_index_belongs_to_its_table(tables: Bench) -> None:
    (build,) = tables.seen('op.create_index("ix_new", "jobs", ["state"])').builds
    assert (build.index.name, build.index.table, build.was_there) == ("ix_new", "jobs", False)


def test_an_index_on_a_new_table_is_no_matter(tables: Bench) -> None:
    seen = tables.run('op.execute("CREATE TABLE new (id int UNIQUE)")')[-1]
    assert (seen.builds, seen.scans, seen.rewrites) == ((), (), ())


def test_an_index_dropped_by_an_earlier_statement_is_a_new_one(tables: Bench) -> None:
    seen = tables.run(
        'op.execute("DROP INDEX ix_jobs_at")\nop.execute("CREATE INDEX ix_jobs_at ON jobs (at)")'
    )
    assert built(seen[-1]) == {"ix_jobs_at": False}


@pytest.mark.parametrize("driver", DRIVERS)
def test_not_null_scans_unless_it_is_proven(tables: Bench, driver: str) -> None:
    statements = tables.run(
        """
        op.execute("ALTER TABLE jobs ALTER COLUMN queue SET NOT NULL")
        op.execute("ALTER TABLE jobs ADD CONSTRAINT proof CHECK (state IS NOT NULL) NOT VALID")
        op.execute("ALTER TABLE jobs VALIDATE CONSTRAINT proof")
        op.execute("ALTER TABLE jobs ALTER COLUMN state SET NOT NULL")
        """,
        driver,
    )
    assert [scanned(each).get("jobs", 0) for each in statements] == [1, 0, 1, 0]


def test_an_empty_table_is_scanned_too(bench: Bench) -> None:
    bench.before("CREATE TABLE empty (id int)")
    seen = bench.seen('op.execute("ALTER TABLE empty ALTER COLUMN id SET NOT NULL")')
    assert scanned(seen) == {"empty": 1}


def test_reading_through_an_index_is_no_scan(tables: Bench) -> None:
    seen = tables.run(
        """
        op.execute("SET LOCAL enable_seqscan = off")
        op.execute("SELECT * FROM jobs WHERE id = 1")
        """
    )[-1]
    assert scanned(seen) == {}


@pytest.mark.parametrize("driver", DRIVERS)
def test_counts_of_earlier_transactions_do_not_count_again(tables: Bench, driver: str) -> None:
    statements = tables.run(
        """
        for number in range(3):
            op.execute("UPDATE jobs SET state = 'old'")
            op.execute("COMMIT")
        """,
        driver,
    )
    updates = [each for each in statements if each.sql.startswith("UPDATE")]
    assert [each.written[0].updated for each in updates] == [1, 1, 1]
    assert [scanned(each) for each in updates] == [{"jobs": 1}] * 3


@pytest.mark.parametrize("driver", DRIVERS)
def test_rows_written_are_counted_on_new_tables_too(tables: Bench, driver: str) -> None:
    statements = tables.run(
        """
        op.execute("INSERT INTO queues SELECT g, 'x' FROM generate_series(2, 5) g")
        op.execute("CREATE TABLE new AS SELECT * FROM queues")
        op.execute("DELETE FROM new WHERE id > 3")
        """,
        driver,
    )
    (old,), (made,), (deleted,) = (each.written for each in statements)
    assert (old.inserted, old.relation.is_new) == (4, False)
    assert (made.inserted, made.relation.is_new) == (5, True)
    assert (deleted.relation.name, deleted.deleted) == ("new", 2)


@pytest.mark.parametrize("driver", DRIVERS)
def test_rows_of_many_parameters_are_one_statement_without_them(tables: Bench, driver: str) -> None:
    seen = tables.seen(
        """
        table = sa.table("queues", sa.column("id", sa.BigInteger), sa.column("name", sa.Text))
        op.bulk_insert(table, [{"id": number, "name": "secret"} for number in range(10, 15)])
        """,
        driver,
    )
    assert seen.written[0].inserted == 5
    assert "secret" not in seen.sql


@pytest.mark.parametrize("driver", DRIVERS)
def test_temporary_files_and_wal_are_measured(tables: Bench, driver: str) -> None:
    statements = tables.run(
        """
        op.execute("SET LOCAL work_mem = '64kB'")
        op.execute("SELECT x FROM generate_series(1, 50000) x ORDER BY x % 7919 OFFSET 49999")
        op.execute("INSERT INTO queues SELECT g, 'x' FROM generate_series(2, 1000) g")
        """,
        driver,
    )
    assert statements[1].temporary_bytes > 100_000
    assert statements[1].notices == ()
    assert statements[2].wal_bytes > 50_000


@pytest.mark.parametrize("driver", DRIVERS)
def test_what_the_server_says_is_kept(tables: Bench, driver: str) -> None:
    statements = tables.run(
        """
        op.execute("CREATE TABLE IF NOT EXISTS jobs (id int)")
        op.execute("DO $$ BEGIN RAISE WARNING 'be careful'; END $$")
        op.execute("SELECT 1")
        """,
        driver,
    )
    said = [each.notices for each in statements]
    assert said == [('relation "jobs" already exists, skipping',), ("be careful",), ()]


def test_preparing_a_database_is_invisible(database: Target) -> None:
    with connect(database) as connection, connect(database) as own:
        connection.execute("CREATE TABLE jobs (id int)")
        tracker, before = Tracker(own), catalog.read_database(connection)
        install(connection)
        install(connection)
        assert tracker.update() == {}
        assert not catalog.diff(before, catalog.read_database(connection))


def test_a_savepoint_returned_to_leaves_no_rewrite_behind(tables: Bench) -> None:
    statements = tables.run(
        """
        savepoint = op.get_bind().begin_nested()
        op.execute("ALTER TABLE jobs ADD COLUMN x float DEFAULT random()")
        savepoint.rollback()
        op.execute("ALTER TABLE jobs ADD COLUMN y int")
        op.execute("ALTER TABLE jobs ADD COLUMN z float DEFAULT random()")
        """
    )
    assert [rewritten(each) for each in statements[3:]] == [{}, {"jobs": "a column's default"}]
