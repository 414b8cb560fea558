import pytest
from sqlalchemy import Connection

from pgrevise.postgres.connect import engine
from pgrevise.postgres.target import Target
from pgrevise.rollout.timeouts import lock_timeouts, waits_patiently


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE INDEX CONCURRENTLY i ON t (a)",
        "create unique index concurrently if not exists i on t (a)",
        "DROP INDEX CONCURRENTLY i",
        "REINDEX TABLE CONCURRENTLY t",
        "REINDEX (VERBOSE) INDEX CONCURRENTLY i",
        "REINDEX (CONCURRENTLY, VERBOSE) TABLE t",
        "REFRESH MATERIALIZED VIEW CONCURRENTLY v",
        "ALTER TABLE t VALIDATE CONSTRAINT c",
        'ALTER TABLE ONLY "s"."t" VALIDATE CONSTRAINT "c";',
        "ALTER TABLE t DETACH PARTITION p CONCURRENTLY",
        "-- why\nCREATE /* now */ INDEX CONCURRENTLY i ON t (a)",
        "ALTER TABLE t VALIDATE CONSTRAINT c; ALTER TABLE t VALIDATE CONSTRAINT d",
    ],
)
def test_patient_statements(statement: str) -> None:
    assert waits_patiently(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "",
        "CREATE INDEX i ON t (a)",
        "CREATE INDEX concurrently_named ON t (a)",
        "ALTER TABLE t ADD COLUMN a int",
        "ALTER TABLE t VALIDATE CONSTRAINT c, ADD COLUMN a int",
        "ALTER TABLE t VALIDATE CONSTRAINT c; ALTER TABLE t ADD COLUMN a int",
        "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID",
        "UPDATE t SET a = 'CREATE INDEX CONCURRENTLY i ON t (a)'",
        "-- CREATE INDEX CONCURRENTLY i ON t (a)\nDROP TABLE t",
        "DROP INDEX i",
    ],
)
def test_statements_that_queue_others(statement: str) -> None:
    assert not waits_patiently(statement)


def lock_timeout(connection: Connection) -> str:
    value = connection.exec_driver_sql("SHOW lock_timeout").scalar_one()
    connection.commit()
    return str(value)


def test_waits_are_bounded_while_it_lasts_and_the_setting_comes_back(database: Target) -> None:
    with engine(database).connect() as connection:
        connection.exec_driver_sql("SET lock_timeout = '7s'")
        connection.commit()
        with lock_timeouts(connection, 1.5):
            assert lock_timeout(connection) == "1500ms"
        assert lock_timeout(connection) == "7s"


def test_the_bound_is_back_after_a_patient_statement(database: Target) -> None:
    with engine(database).connect() as connection:
        autocommit = connection.execution_options(isolation_level="AUTOCOMMIT")
        autocommit.exec_driver_sql("CREATE TABLE t (a int)")
        with lock_timeouts(autocommit, 1):
            autocommit.exec_driver_sql("CREATE INDEX CONCURRENTLY i ON t (a)")
            assert lock_timeout(autocommit) == "1s"


def test_the_bound_is_back_after_a_patient_statement_that_failed(database: Target) -> None:
    with engine(database).connect() as connection:
        autocommit = connection.execution_options(isolation_level="AUTOCOMMIT")
        with lock_timeouts(autocommit, 1):
            with pytest.raises(Exception, match="does not exist"):
                autocommit.exec_driver_sql("CREATE INDEX CONCURRENTLY i ON nowhere (a)")
            assert lock_timeout(autocommit) == "1s"
