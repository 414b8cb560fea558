"""The fixtures that give a test a database of its own."""

from tests.pgrevise.conftest import Project
from tests.pgrevise.plugin.conftest import RunTests

INSERT = "INSERT INTO jobs (state) VALUES ('new')"
COUNT = "SELECT count(*) FROM jobs"


def test_databases_are_at_head_and_isolated(history: Project, run_tests: RunTests) -> None:
    outcome = run_tests(
        history,
        f"""
        import pytest

        @pytest.mark.parametrize("number", [1, 2, 3])
        def test_database(pg_database, number):
            with pg_database.connect() as connection:
                assert connection.execute("{COUNT}").fetchone() == (0,)
                connection.execute("{INSERT}")

        @pytest.mark.parametrize("number", [1, 2, 3])
        def test_connection(pg_connection, number):
            assert pg_connection.execute("{COUNT}").fetchone() == (0,)
            pg_connection.execute("{INSERT}")
            if number == 2:
                pg_connection.commit()

        @pytest.mark.parametrize("number", [1, 2])
        def test_schema(pg_schema, number):
            with pg_schema.connect() as connection:
                assert connection.execute("{COUNT}").fetchone() == (0,)
                assert connection.execute("SELECT current_schema()").fetchone() != ("public",)
                connection.execute("{INSERT}")

        def test_failed_transaction(pg_connection):
            with pytest.raises(Exception):
                pg_connection.execute("nonsense")
        """,
    )
    assert (outcome.failed, outcome.passed) == (set(), 9), outcome.output


def test_workers_share_a_template_and_nothing_else(history: Project, run_tests: RunTests) -> None:
    outcome = run_tests(
        history,
        f"""
        import pytest

        TEMPLATES = "SELECT count(*) FROM pg_database WHERE datname LIKE %s"

        @pytest.mark.parametrize("number", range(8))
        def test_database(pg_database, pg_server, number):
            with pg_database.connect() as connection:
                assert connection.execute("{COUNT}").fetchone() == (0,)
                connection.execute("{INSERT}")
                name = pg_server.templates.name().rpartition("_")[0]
                assert connection.execute(TEMPLATES, [name + "%"]).fetchone() == (1,)
        """,
        "-n2",
    )
    assert (outcome.failed, outcome.passed) == (set(), 8), outcome.output


def test_a_database_at_an_older_revision(history: Project, run_tests: RunTests) -> None:
    outcome = run_tests(
        history,
        """
        def test_it(migrated_to):
            query = (
                "SELECT count(*) FROM information_schema.columns WHERE table_name = 'jobs'"
            )
            found = []
            for revision in ("base", "202401010000", "202401020000"):
                with migrated_to(revision).connect() as connection:
                    found.append(connection.execute(query).fetchone()[0])
            assert found == [0, 1, 2]
        """,
    )
    assert (outcome.failed, outcome.passed) == (set(), 1), outcome.output


def test_the_urls_lead_to_the_database(history: Project, run_tests: RunTests) -> None:
    outcome = run_tests(
        history,
        """
        import asyncio
        import psycopg
        from sqlalchemy import create_engine, make_url, text

        QUERY = "SELECT current_database(), current_schema(), count(*) FROM jobs"

        def test_psycopg(pg_database, pg_schema):
            for database in (pg_database, pg_schema):
                with psycopg.connect(database.url) as plain, database.connect() as ours:
                    assert plain.execute(QUERY).fetchone() == ours.execute(QUERY).fetchone()

        def test_sqlalchemy(pg_database, pg_schema):
            for database in (pg_database, pg_schema):
                engine = create_engine(database.sqlalchemy_url)
                with engine.connect() as one, database.engine().connect() as two:
                    assert one.execute(text(QUERY)).one() == two.execute(text(QUERY)).one()
                engine.dispose()

        def test_asyncio(pg_database):
            async def ask():
                async with await psycopg.AsyncConnection.connect(pg_database.url) as connection:
                    found = await connection.execute(QUERY)
                    return (await found.fetchone())[2]
            assert asyncio.run(ask()) == 0

        def test_asyncpg(pg_database):
            url = make_url(pg_database.async_url)
            assert url.drivername == "postgresql+asyncpg"
            assert url.database == pg_database.target.database
        """,
    )
    assert (outcome.failed, outcome.passed) == (set(), 4), outcome.output


def test_a_history_that_fails_is_told_without_a_traceback(
    history: Project, run_tests: RunTests
) -> None:
    history.revision("202401030000", "op.execute('nonsense')", parent="202401020000")
    outcome = run_tests(history, "def test_it(pg_database):\n    pass\n")
    assert outcome.failed == {"test_it"}
    assert 'syntax error at or near "nonsense"' in outcome.output
    assert "Traceback" not in outcome.output


def test_without_revisions_a_database_costs_no_alembic(
    bare_project: Project, run_tests: RunTests
) -> None:
    outcome = run_tests(
        bare_project,
        """
        import sys

        def test_it(pg_connection, pg_database):
            assert pg_connection.execute("SELECT 1").fetchone() == (1,)
            with pg_database.connect() as connection:
                assert connection.execute("SELECT 2").fetchone() == (2,)
            assert {"sqlalchemy", "alembic"} & set(sys.modules) == set()
        """,
    )
    assert (outcome.failed, outcome.passed) == (set(), 1), outcome.output


def test_an_env_py_of_ones_own_runs_even_without_revisions(
    bare_project: Project, run_tests: RunTests
) -> None:
    env = bare_project.root / "migrations" / "env.py"
    env.write_text(f"{env.read_text()}\nprint('env.py was run')\n")
    outcome = run_tests(
        bare_project,
        "def test_it(pg_database): pg_database.connect().close()",
        "-s",
    )
    assert outcome.passed == 1, outcome.output
    assert "env.py was run" in outcome.output


def test_a_template_that_is_there_is_cloned_without_alembic(
    history: Project, run_tests: RunTests
) -> None:
    text = """
        import sys

        def test_it(pg_database):
            with pg_database.connect() as connection:
                assert connection.execute("SELECT count(*) FROM jobs").fetchone() == (0,)
            print("LOADED", {"sqlalchemy", "alembic"} & set(sys.modules))
    """
    assert run_tests(history, text).passed == 1
    assert "LOADED set()" in run_tests(history, text, "-s").output
