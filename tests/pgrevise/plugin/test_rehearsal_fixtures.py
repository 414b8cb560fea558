"""What a project's tests are told of a rehearsal."""

from tests.pgrevise.conftest import Project
from tests.pgrevise.plugin.conftest import RunTests

READY_MADE = "from pgrevise.rehearsal_tests import *"
SAFE = "test_what_is_new_is_safe"
UNDONE = "test_what_is_new_can_be_undone"


def test_a_test_can_ask_what_a_revision_blocked(history: Project, run_tests: RunTests) -> None:
    history.revision(
        "202401030000",
        "op.execute('CREATE INDEX ix_jobs_id ON jobs (id)')\ntime.sleep(0.2)",
        "op.execute('DROP INDEX ix_jobs_id')",
        parent="202401020000",
    )
    outcome = run_tests(
        history,
        """
        def test_seconds(rehearsal):
            assert rehearsal.blocks_writes("jobs") > 0.2
            assert rehearsal.blocks_reads("jobs") == 0
            assert rehearsal.blocks_writes("elsewhere") == 0

        def test_work(rehearsal):
            assert rehearsal.scanned == {"jobs"}
            assert rehearsal.rewritten == set()
            assert "index-blocks-writes" in {f.rule for f in rehearsal.findings("error")}

        def test_another_revision(rehearse):
            assert rehearse("202401010000").findings("error") == ()
        """,
    )
    assert (outcome.failed, outcome.passed) == (set(), 3), outcome.output


def test_rows_are_filled_with_the_projects_hints(history: Project, run_tests: RunTests) -> None:
    hints = '[tool.pgrevise.rows]\n"jobs.state" = ["new", "done"]\n'
    (history.root / "pyproject.toml").write_text(hints)
    outcome = run_tests(
        history,
        """
        def test_rows(pg_connection, fill_rows):
            assert fill_rows(pg_connection, ["jobs"], rows=50).tables["jobs"].rows == 50
            states = pg_connection.execute("SELECT DISTINCT state FROM jobs ORDER BY 1").fetchall()
            assert [state for (state,) in states if state] == ["done", "new"]
        """,
    )
    assert (outcome.failed, outcome.passed) == (set(), 1), outcome.output


def test_ready_made_tests_pass_for_what_is_safe(history: Project, run_tests: RunTests) -> None:
    add, drop = "ALTER TABLE jobs ADD note text", "ALTER TABLE jobs DROP note"
    history.revision(
        "202401030000", f"op.execute('{add}')", f"op.execute('{drop}')", parent="202401020000"
    )
    outcome = run_tests(history, READY_MADE)
    assert (outcome.failed, outcome.passed) == (set(), 2), outcome.output


def test_ready_made_tests_say_what_is_wrong(history: Project, run_tests: RunTests) -> None:
    history.revision(
        "202401030000",
        "op.execute('CREATE INDEX ix_jobs_id ON jobs (id)')",
        parent="202401020000",
    )
    outcome = run_tests(history, READY_MADE)
    assert outcome.failed == {SAFE, UNDONE}
    assert "202401030000_change.py:8: Builds ix_jobs_id on jobs" in outcome.output
    assert "index-blocks-writes" in outcome.output
    assert "Traceback" not in outcome.output


def test_a_test_can_ask_what_became_of_rows(history: Project, run_tests: RunTests) -> None:
    history.revision(
        "202401030000",
        "op.execute('ALTER TABLE jobs DROP state')",
        "op.execute('ALTER TABLE jobs ADD state text')",
        parent="202401020000",
    )
    outcome = run_tests(
        history,
        """
        def test_rows(rehearsal):
            assert not rehearsal.fails_on_rows()
            assert {(loss.table, loss.column) for loss in rehearsal.losses} == {("jobs", "state")}
        """,
    )
    assert (outcome.failed, outcome.passed) == (set(), 1), outcome.output


def test_a_test_can_ask_what_rows_do_not_let_through(history: Project, run_tests: RunTests) -> None:
    history.revision(
        "202401030000",
        "op.execute('ALTER TABLE jobs ADD owner text NOT NULL')",
        "op.execute('ALTER TABLE jobs DROP owner')",
        parent="202401020000",
    )
    outcome = run_tests(
        history,
        """
        def test_rows(rehearsal):
            (told,) = rehearsal.fails_on_rows()
            assert told.startswith("202401030000: the upgrade fails: ")
            assert "contains null values" in told

        def test_no_rows(rehearse):
            assert rehearse(rows=0).fails_on_rows() == ()
        """,
    )
    assert (outcome.failed, outcome.passed) == (set(), 2), outcome.output


def test_a_test_can_ask_how_long_something_stands_still(
    history: Project, run_tests: RunTests
) -> None:
    history.revision(
        "202401030000",
        "op.execute('CREATE INDEX ix_jobs_id ON jobs (id)')\ntime.sleep(0.2)",
        "op.execute('DROP INDEX ix_jobs_id')",
        parent="202401020000",
    )
    outcome = run_tests(
        history,
        """
        import pytest

        from pgrevise.errors import UsageError

        def test_measured(rehearse):
            new = rehearse(rows=2e3)
            assert new.stall("jobs", "writes") > 0.1
            assert new.stall("elsewhere", "writes") == 0

        def test_not_measured(rehearsal):
            with pytest.raises(UsageError, match="was not measured"):
                rehearsal.stall("jobs", "writes")
        """,
    )
    assert (outcome.failed, outcome.passed) == (set(), 2), outcome.output
