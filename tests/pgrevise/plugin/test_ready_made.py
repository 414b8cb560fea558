"""Each ready-made migration test fails on the history that is wrong in its way, and says so."""

import pytest

from tests.pgrevise.conftest import Project
from tests.pgrevise.plugin.conftest import READY_MADE, Outcome, RunTests, third


def assert_explained(outcome: Outcome, test: str, *words: str) -> None:
    """Only that test failed, in these words, without a traceback of ours."""
    assert outcome.failed == {test}, outcome.output
    for word in words:
        assert word in outcome.output
    assert "Traceback" not in outcome.output
    assert "pgrevise/testing" not in outcome.output


def test_a_right_history_passes(history: Project, run_tests: RunTests) -> None:
    outcome = run_tests(history)
    assert (outcome.failed, outcome.passed) == (set(), 10), outcome.output


def test_a_right_history_passes_where_database_url_points(
    history: Project, database: object, run_tests: RunTests
) -> None:
    history.database = database  # type: ignore[assignment] # a Target
    outcome = run_tests(history)
    assert (outcome.failed, outcome.passed) == (set(), 10), outcome.output


def test_an_empty_history_passes(bare_project: Project, run_tests: RunTests) -> None:
    assert run_tests(bare_project).failed == set()


def test_branches_and_their_merge_pass(history: Project, run_tests: RunTests) -> None:
    third(history, 'op.execute("CREATE TABLE a (); DROP TABLE a")')
    history.revision("202401040000", parent="202401020000", subject="another branch")
    history.revision("202401050000", parent=("202401030000", "202401040000"), subject="merge")
    assert run_tests(history).failed == set()


def test_two_heads(history: Project, run_tests: RunTests) -> None:
    third(history, "pass")
    history.revision("202401040000", parent="202401020000", subject="another")
    assert_explained(
        run_tests(history),
        "test_history_has_one_head",
        "has 2 heads: 202401030000, 202401040000",
        "invoke db.merge",
    )


@pytest.mark.parametrize(
    ("identifier", "words"),
    [
        ("202399990000", "202399990000 is no date and time"),
        ("202312310000", "its parent 202401020000 is not older"),
    ],
)
def test_an_identifier_that_is_wrong(
    history: Project, run_tests: RunTests, identifier: str, words: str
) -> None:
    history.revision(identifier, parent="202401020000")
    assert_explained(run_tests(history), "test_identifiers_are_names_and_grow", words)


def test_a_file_that_is_not_named_by_its_identifier(history: Project, run_tests: RunTests) -> None:
    third(history, "pass").rename(history.versions / "third.py")
    assert_explained(
        run_tests(history),
        "test_identifiers_are_names_and_grow",
        "third.py: the file is not named 202401030000_<words>.py",
    )


def test_identifiers_of_another_form_are_left_alone(history: Project, run_tests: RunTests) -> None:
    history.revision("1f3a9c", parent="202401020000")
    assert run_tests(history).failed == set()


def test_a_revision_that_cannot_be_applied(history: Project, run_tests: RunTests) -> None:
    third(history, 'op.add_column("jbos", sa.Column("x", sa.Text))')
    outcome = run_tests(history)
    assert_explained(
        outcome,
        "test_upgrade_reaches_head",
        "Revision 202401030000 (the third) failed at",
        'relation "jbos" does not exist',
    )
    assert "see test_upgrade_reaches_head" in outcome.output


def test_a_downgrade_that_leaves_something(history: Project, run_tests: RunTests) -> None:
    third(history, "op.execute(\"CREATE TYPE mood AS ENUM ('sad'); DROP TYPE mood\")")
    history.revision(
        "202401040000",
        """
        op.execute("CREATE SEQUENCE s")
        op.execute("ALTER TABLE jobs ALTER state SET DEFAULT 'x'")
        """,
        'op.execute("DROP SEQUENCE s")',
        parent="202401030000",
        subject="set a default",
    )
    outcome = run_tests(history)
    assert "Revision 202401040000 (set a default) was undone" in outcome.output, outcome.output
    assert "column jobs.state has a new default: 'x'::text" in outcome.output
    assert "Mend downgrade() of that revision" in outcome.output
    assert "test_each_downgrade_restores_the_schema" in outcome.failed
    assert "Revision 202401030000" not in outcome.output


def test_a_downgrade_that_raises_does_not_hide_an_older_one(
    history: Project, run_tests: RunTests
) -> None:
    third(history, 'op.execute("ALTER TABLE jobs ALTER state SET DEFAULT 1")')
    history.revision(
        "202401040000",
        downgrade='raise NotImplementedError("one way only")',
        parent="202401030000",
        subject="the fourth",
    )
    output = run_tests(history).output
    assert "Revision 202401040000 (the fourth) cannot be undone:" in output
    assert "one way only" in output
    assert "Revision 202401030000 (the third) was undone" in output


def test_something_left_behind_that_is_no_part_of_the_schema(
    history: Project, run_tests: RunTests
) -> None:
    third(
        history,
        """
        if op.get_bind().scalar(sa.text("SELECT count(*) FROM pg_largeobject_metadata")):
            raise ValueError("there is one already")
        op.execute("SELECT lo_create(0)")
        """,
    )
    assert_explained(
        run_tests(history),
        "test_upgrade_after_downgrade_gives_the_same",
        "Revision 202401030000 (the third) fails when it is applied again",
        "there is one already",
    )


def test_a_setting_that_a_later_revision_needs(history: Project, run_tests: RunTests) -> None:
    third(history, "op.execute(\"SET my.number = '5'\")")
    history.revision(
        "202401040000",
        "op.execute(\"SELECT current_setting('my.number')::integer\")",
        parent="202401030000",
        subject="the fourth",
    )
    assert_explained(
        run_tests(history),
        "test_one_by_one_gives_the_same_as_all_at_once",
        "Revision 202401040000 (the fourth) fails when it is applied in a session of its own",
        "Use SET LOCAL",
    )


def test_models_that_are_ahead(history: Project, run_tests: RunTests) -> None:
    history.models("""
        Table("jobs", metadata, Column("id", BigInteger, Identity(), primary_key=True),
              Column("state", Text, index=True), Column("priority", BigInteger))
    """)
    assert_explained(
        run_tests(history),
        "test_models_equal_history",
        "column jobs.priority is new",
        'invoke db.new "describe change"',
    )


def test_models_that_cannot_be_created(history: Project, run_tests: RunTests) -> None:
    history.models("""
        from sqlalchemy import DDL, event
        event.listen(metadata, "before_create", DDL("CREATE TABLE nonsense ("))
        Table("jobs", metadata, Column("id", BigInteger))
    """)
    assert_explained(
        run_tests(history, READY_MADE, "-p", "no:xdist"),
        "test_models_equal_history",
        "The models cannot be created in an empty database: syntax error",
        "Mend the models.",
    )


def test_a_name_that_does_not_follow_the_convention(history: Project, run_tests: RunTests) -> None:
    third(history, 'op.execute("CREATE INDEX oops ON jobs (id)")', 'op.execute("DROP INDEX oops")')
    outcome = run_tests(history)
    assert "test_names_follow_the_convention" in outcome.failed
    assert "index oops of table jobs, where the convention is ix_" in outcome.output


def test_a_revision_that_is_never_recorded(history: Project, run_tests: RunTests) -> None:
    env = history.root / "migrations" / "env.py"
    env.write_text(
        env.read_text()
        + "from alembic import context\nfrom pgrevise.request import attached\n"
        + "import psycopg\n"
        + "r = attached(context.config)\n"
        + "if r and r.target and 'destination_rev' in context._proxy.context_opts:\n"
        + "    with psycopg.connect(r.target.url) as c:\n"
        + "        if c.execute(\"SELECT to_regclass('jobs')\").fetchone()[0]:\n"
        + "            c.execute('CREATE TABLE IF NOT EXISTS behind ()')\n"
    )
    assert "test_a_second_upgrade_does_nothing" in run_tests(history).failed


def test_a_schema_of_its_own_counts_too(history: Project, run_tests: RunTests) -> None:
    third(
        history,
        'op.execute("CREATE SCHEMA audit; CREATE TABLE audit.log (x integer)")',
        'op.execute("DROP TABLE audit.log")',
    )
    output = run_tests(history).output
    assert "Revision 202401030000 (the third) was undone" in output
    assert "schema audit is new" in output
