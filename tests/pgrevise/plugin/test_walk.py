"""The quick walk passes what is right, and leaves to the careful one whatever is not."""

from __future__ import annotations

import pytest

from pgrevise.postgres.scratch import scratch_databases
from pgrevise.postgres.target import Target
from pgrevise.testing.quick import quick_walk
from pgrevise.testing.results import Walk
from pgrevise.testing.walk import walk
from tests.pgrevise.conftest import Project
from tests.pgrevise.plugin.conftest import third

LAST = {"202401020000": "202401010000", "202401030000": "202401020000"}


def fourth(project: Project, upgrade: str, downgrade: str) -> None:
    """A fourth revision, whose downgrade may hide what the third one leaves."""
    project.revision("202401040000", upgrade, downgrade, parent="202401030000", subject="hiding")


def sql(*statements: str) -> str:
    return "\n".join(f"op.execute({statement!r})" for statement in statements)


def is_quick(project: Project, server: Target) -> bool:
    with scratch_databases(server, 2) as places:
        return quick_walk(project.settings, iter(places).__next__) is not None


def wrong_revisions(seen: Walk) -> list[tuple[str, ...]]:
    return [wrong.revisions for wrong in seen.downgrades]


def walked(project: Project, database: Target) -> Walk:
    """Both walks, in schemas of one database that is emptied in between."""
    from pgrevise.postgres.isolated import empty_schema, isolated_schema

    with isolated_schema(database) as schema:

        def emptied() -> Target:
            empty_schema(schema)
            return schema

        return walk(project.settings, emptied)


def test_a_right_history_is_walked_quickly(history: Project, database: Target) -> None:
    seen = quick_walk(history.settings, lambda: database)
    assert seen is not None
    assert seen.order == ["202401010000", "202401020000"]
    assert seen.subjects["202401020000"] == "add state"
    assert seen.head is not None
    assert seen.head.get("column", "jobs.state") is not None
    assert seen.head.get("table", "alembic_version") is None


@pytest.mark.parametrize(
    ("upgrade", "downgrade"),
    [
        ("ALTER TABLE jobs DROP state", "ALTER TABLE jobs ADD state text"),
        ("ALTER TABLE jobs ALTER id TYPE integer", "ALTER TABLE jobs ALTER id TYPE bigint"),
        ("ALTER TABLE jobs RENAME state TO s", "ALTER TABLE jobs RENAME s TO state"),
        ("COMMENT ON SCHEMA public IS 'x'", "COMMENT ON SCHEMA public IS 'standard public schema'"),
        ("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "DROP FUNCTION f()"),
    ],
)
def test_what_says_the_same_again_is_right(
    history: Project, server: Target, upgrade: str, downgrade: str
) -> None:
    downgrades = [downgrade]
    if "DROP state" in upgrade:
        downgrades.append("CREATE INDEX ix_jobs_state ON jobs (state)")
    third(history, sql(upgrade), sql(*downgrades))
    fourth(history, sql("CREATE TABLE more ()"), sql("DROP TABLE more"))
    assert is_quick(history, server)


def test_concurrent_indexes_are_walked_quickly(history: Project, server: Target) -> None:
    third(
        history,
        "with op.get_context().autocommit_block():\n"
        "    op.execute('CREATE INDEX CONCURRENTLY i ON jobs (id)')",
        "with op.get_context().autocommit_block():\n    op.execute('DROP INDEX CONCURRENTLY i')",
    )
    assert is_quick(history, server)


@pytest.mark.parametrize(
    ("forgotten", "hidden_by"),
    [
        ("CREATE INDEX i ON jobs (id)", "DROP INDEX i"),
        ("ALTER TABLE jobs ALTER state SET NOT NULL", "ALTER TABLE jobs ALTER state DROP NOT NULL"),
        ("CREATE TYPE mood AS ENUM ('sad')", "DROP TYPE mood"),
    ],
)
def test_a_leftover_that_an_older_downgrade_hides(
    history: Project, database: Target, server: Target, forgotten: str, hidden_by: str
) -> None:
    third(history, "pass", sql(hidden_by))
    fourth(history, sql(forgotten), "pass")
    assert not is_quick(history, server)
    assert ("202401040000",) in wrong_revisions(walked(history, database))


def test_the_wrong_one_of_two_is_dropped_and_an_older_downgrade_hides_it(
    history: Project, database: Target
) -> None:
    add = "ALTER TABLE jobs ADD CONSTRAINT ck_{0} CHECK (id > 0)"
    drop = "ALTER TABLE jobs DROP CONSTRAINT ck_{0}"
    third(history, sql(add.format("one")), sql(drop.format("two")))
    fourth(history, sql(drop.format("one"), add.format("two")), sql(add.format("one")))
    history.revision(
        "202401050000",
        sql(drop.format("two"), add.format("two")),
        sql(drop.format("two"), add.format("two")),
        parent="202401040000",
    )
    seen = walked(history, database)
    assert ("202401040000",) in wrong_revisions(seen)
    assert ("202401050000",) not in wrong_revisions(seen)


def test_a_revision_that_needs_the_session_of_an_older_one(
    history: Project, server: Target
) -> None:
    third(history, sql("SET my.number = '5'"))
    fourth(history, sql("SELECT current_setting('my.number')::integer"), "pass")
    assert not is_quick(history, server)


def test_one_by_one_may_give_another_schema(
    history: Project, database: Target, server: Target
) -> None:
    third(history, sql("SET my.name = 'long'"))
    fourth(
        history,
        'op.execute("ALTER TABLE jobs ADD " + (op.get_bind().scalar('
        "sa.text(\"SELECT current_setting('my.name', true)\")) or 'short') + ' int')",
        sql("ALTER TABLE jobs DROP IF EXISTS long", "ALTER TABLE jobs DROP IF EXISTS short"),
    )
    assert not is_quick(history, server)
    (wrong,) = walked(history, database).one_by_one
    assert wrong.revisions == ("202401040000",)


def test_a_leftover_beside_the_tables(history: Project, server: Target) -> None:
    third(history, "pass", sql("COMMENT ON SCHEMA public IS 'x'"))
    assert not is_quick(history, server)


def test_a_downgrade_that_fails(history: Project, server: Target) -> None:
    third(history, "pass", 'raise NotImplementedError("one way only")')
    assert not is_quick(history, server)


def test_an_upgrade_that_fails(history: Project, server: Target) -> None:
    third(history, sql("nonsense"))
    assert not is_quick(history, server)


def test_a_second_upgrade_that_does_something(history: Project, server: Target) -> None:
    env = history.root / "migrations" / "env.py"
    env.write_text(
        env.read_text()
        + "from alembic import context\n"
        + "from pgrevise.postgres.connect import connect\n"
        + "from pgrevise.request import attached\n"
        + "request = attached(context.config)\n"
        + "if request and request.target:\n"
        + "    with connect(request.target) as connection:\n"
        + "        connection.execute('CREATE SEQUENCE IF NOT EXISTS behind')\n"
    )
    assert not is_quick(history, server)
