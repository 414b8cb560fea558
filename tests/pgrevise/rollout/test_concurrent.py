"""Concurrent index statements that find the remains of an earlier run."""

import psycopg
import pytest

from pgrevise.errors import HistoryConflict
from pgrevise.postgres.connect import connect
from pgrevise.postgres.target import Target
from pgrevise.request import Silent
from pgrevise.rollout.concurrent import NOTHING, adapted

CREATE = "CREATE INDEX CONCURRENTLY ix_t_a ON t (a) WHERE b > 0"


class Told(Silent):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)


@pytest.fixture
def table(database: Target) -> psycopg.Connection[tuple[object, ...]]:
    connection = connect(database)
    connection.execute("CREATE TABLE t (gone int, a int, b int)")
    connection.execute("ALTER TABLE t DROP COLUMN gone")
    connection.execute("INSERT INTO t VALUES (1, 1), (1, 2)")
    return connection


def leave_invalid(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    with pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute("CREATE UNIQUE INDEX CONCURRENTLY ix_t_a ON t (a)")


def is_valid(connection: psycopg.Connection[tuple[object, ...]]) -> bool:
    row = connection.execute(
        "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('ix_t_a')"
    ).fetchone()
    return row == (True,)


def test_a_new_index_is_built_as_it_is_written(
    table: psycopg.Connection[tuple[object, ...]],
) -> None:
    with table:
        assert adapted(table, CREATE, Silent()) == CREATE


def test_an_invalid_index_is_dropped_so_that_it_is_built_again(
    table: psycopg.Connection[tuple[object, ...]],
) -> None:
    told = Told()
    with table:
        leave_invalid(table)
        table.execute(adapted(table, CREATE, told).encode())
        assert is_valid(table)
    assert "left INVALID" in told.notes[0]


@pytest.mark.parametrize(
    "definition",
    [
        "INDEX CONCURRENTLY ix_t_a ON t (a) WHERE b > 0",
        "UNIQUE INDEX CONCURRENTLY ix_t_a ON t (a, b)",
        'INDEX CONCURRENTLY "ix_t_a" ON "public"."t" (lower(a::text) DESC, b) INCLUDE (b)',
        "INDEX CONCURRENTLY IF NOT EXISTS ix_t_a ON t USING hash (a) WITH (fillfactor = 70)",
    ],
)
def test_the_same_finished_index_is_kept(
    table: psycopg.Connection[tuple[object, ...]], definition: str
) -> None:
    told = Told()
    with table:
        table.execute(f"CREATE {definition}".encode())
        assert adapted(table, f"CREATE {definition}", told) == NOTHING
    assert "kept" in told.notes[0]


@pytest.mark.parametrize(
    "definition",
    [
        "INDEX CONCURRENTLY ix_t_a ON t (a)",
        "INDEX CONCURRENTLY ix_t_a ON t (a) WHERE b > 1",
        "UNIQUE INDEX CONCURRENTLY ix_t_a ON t (a, b) WHERE b > 0",
        "INDEX CONCURRENTLY ix_t_a ON t (b) WHERE b > 0",
        "INDEX CONCURRENTLY ix_t_a ON t (a DESC) WHERE b > 0",
        "INDEX CONCURRENTLY ix_t_a ON t USING hash (a) WHERE b > 0",
    ],
)
def test_another_index_of_the_name_is_refused_and_left(
    table: psycopg.Connection[tuple[object, ...]], definition: str
) -> None:
    with table:
        table.execute(f"CREATE {definition}".encode())
        with pytest.raises(HistoryConflict, match="another definition"):
            adapted(table, CREATE, Silent())
        assert is_valid(table)


def test_a_dropped_index_need_not_be_dropped_again(
    table: psycopg.Connection[tuple[object, ...]],
) -> None:
    with table:
        assert adapted(table, "DROP INDEX CONCURRENTLY ix_t_a", Silent()) == NOTHING
        table.execute(CREATE.encode())
        drop = 'DROP INDEX CONCURRENTLY "public"."ix_t_a"'
        assert adapted(table, drop, Silent()) == drop


@pytest.mark.parametrize("statement", ["CREATE INDEX i ON t (a)", "SELECT 1", "DROP INDEX i"])
def test_other_statements_pass_untouched(
    table: psycopg.Connection[tuple[object, ...]], statement: str
) -> None:
    with table:
        assert adapted(table, statement, Silent()) == statement
