"""On which ways databases go from test to test, and when they do not."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest

from pgrevise.errors import ServerUnavailable
from pgrevise.postgres.connect import connect
from pgrevise.postgres.reuse import FIRST, MOST_FAILURES, MOST_USES
from pgrevise.postgres.target import Target
from pgrevise.postgres.templates import Templates, open_templates
from pgrevise.settings import Settings
from tests.pgrevise.conftest import Project
from tests.pgrevise.plugin.test_reuse import EVERYTHING, ask, build, next_of, oid


@pytest.fixture
def templates(options: Settings, server: Target) -> Iterator[Templates]:
    with open_templates(options, server, "the history of these tests") as opened:
        yield opened


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER DATABASE {} ALLOW_CONNECTIONS false",
        "ALTER DATABASE {} OWNER TO pg_monitor",
        "ALTER DATABASE {} RENAME TO pgrevise_clone_renamed",
        "DROP DATABASE {}",
        "DROP DATABASE {}; CREATE DATABASE {}",
    ],
)
def test_a_database_that_was_replaced_or_is_gone_is_not_handed_out(
    templates: Templates, statement: str
) -> None:
    database = templates.clone(build)
    used = oid(templates, database)
    for part in statement.split("; "):
        templates._admin.execute(part.format(database.database).encode())
    templates.drop(database)
    assert next_of(templates, used) is None
    templates._admin.execute("DROP DATABASE IF EXISTS pgrevise_clone_renamed")


def test_it_is_handed_out_under_a_new_name(templates: Templates) -> None:
    database = templates.clone(build)
    used = oid(templates, database)
    templates.drop(database)
    again = next_of(templates, used)
    assert again is not None
    assert again.database != database.database
    with pytest.raises(ServerUnavailable, match="no database of that name"):
        connect(database)


def test_a_session_that_was_left_open_is_ended(templates: Templates) -> None:
    database = templates.clone(build)
    used = oid(templates, database)
    with connect(database, autocommit=False) as left:
        left.execute("INSERT INTO jobs (state) VALUES ('never committed')")
        templates.drop(database)
        again = next_of(templates, used)
        assert again is not None
        assert ask(again, "SELECT count(*) FROM jobs") == [(0,)]
        with pytest.raises(psycopg.OperationalError):
            left.execute("SELECT 1")
        left.close()


def test_nobody_is_in_a_database_that_is_handed_out(templates: Templates) -> None:
    sessions = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    for _ in range(8):
        database = templates.clone(build)
        assert ask(database, sessions) == [(1,)]
        templates.drop(database)
        time.sleep(0.02)


def test_counters_do_not_tell_of_the_test_before(templates: Templates) -> None:
    database = templates.clone(build)
    used = oid(templates, database)
    ask(database, "INSERT INTO jobs (state) VALUES ('new')")
    templates.drop(database)
    again = next_of(templates, used)
    assert again is not None
    counter = "SELECT n_tup_ins FROM pg_stat_user_tables WHERE relname = 'jobs'"
    assert ask(again, counter) == [(0,)]


def test_many_in_turn_are_all_alike(templates: Templates) -> None:
    first = templates.clone(build)
    fresh = ask(first, EVERYTHING)
    templates.drop(first)
    for number in range(3 * MOST_FAILURES):
        database = templates.clone(build)
        assert ask(database, EVERYTHING) == fresh
        for statement in ("INSERT INTO jobs (state) VALUES ('new')", "SELECT nextval('used')"):
            ask(database, statement)
        if number % 4 == 0:
            ask(database, "UPDATE queues SET position = 0")
        templates.drop(database)


def test_a_database_is_not_used_for_ever(templates: Templates) -> None:
    database = templates.clone(build)
    lent = templates._reuse._lent[database.database]
    templates._reuse._lent[database.database] = replace(lent, uses=MOST_USES)
    templates.drop(database)
    assert next_of(templates, lent.state.oid) is None


def test_the_first_databases_make_no_work(templates: Templates) -> None:
    for _ in range(FIRST - 1):
        database = templates.clone(build)
        templates.drop(database)
        assert not templates._reuse._sessions
        assert ask(database, "SELECT count(*) FROM jobs") == [(0,)]


def test_after_some_failures_in_a_row_only_clones_are_made(templates: Templates) -> None:
    for _ in range(2 * MOST_FAILURES):
        database = templates.clone(build)
        ask(database, "CREATE TABLE more ()")
        templates.drop(database)
        time.sleep(0.03)
    last = templates.clone(build)
    assert last.database not in templates._reuse._lent


@pytest.mark.parametrize(
    "unfit",
    [
        "CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
        "CREATE TRIGGER tell AFTER TRUNCATE ON jobs EXECUTE FUNCTION tell()",
        "CREATE ACCESS METHOD other TYPE TABLE HANDLER heap_tableam_handler;"
        "CREATE TABLE other () USING other",
    ],
)
def test_a_template_of_which_nothing_can_be_proved_has_clones_only(
    options: Settings, server: Target, unfit: str
) -> None:
    def unfitting(target: Target) -> None:
        build(target)
        ask(target, unfit)

    with open_templates(options, server, secrets.token_hex(8)) as templates:
        database = templates.clone(unfitting)
        used = oid(templates, database)
        templates.drop(database)
        assert next_of(templates, used, unfitting) is None


def test_rows_of_the_template_are_not_emptied_with_what_they_refer_to(
    options: Settings, server: Target
) -> None:
    def seeded(target: Target) -> None:
        build(target)
        ask(target, "ALTER TABLE queues ADD job bigint REFERENCES jobs")

    with open_templates(options, server, secrets.token_hex(8)) as templates:
        database = templates.clone(seeded)
        used = oid(templates, database)
        ask(database, "INSERT INTO jobs (state) VALUES ('new')")
        templates.drop(database)
        assert next_of(templates, used, seeded) is None


def test_a_role_that_is_no_superuser_has_clones_only(history: Project, server: Target) -> None:
    role = f"plain_{secrets.token_hex(4)}"
    with connect(server) as admin:
        admin.execute(f"CREATE ROLE {role} LOGIN CREATEDB".encode())
        try:
            with open_templates(history.settings, replace(server, user=role), role) as templates:
                database = templates.clone(lambda target: connect(target).close())
                templates.drop(database)
                assert not templates._reuse._returned
                templates._drop_database(templates.name())
        finally:
            admin.execute(f"DROP OWNED BY {role}; DROP ROLE {role}".encode())


def test_nothing_is_left_when_the_run_ends_in_between(options: Settings, server: Target) -> None:
    with open_templates(options, server, "the history of these tests") as templates:
        for _ in range(2 * FIRST):
            templates.drop(templates.clone(build))
        names = set(templates._clones)
    found = ask(server, "SELECT datname FROM pg_database")
    assert not names & {name for (name,) in found}
