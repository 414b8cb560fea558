"""A rehearsal: what becomes of each passage, of revisions that fail, and of what they leave."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pgrevise.errors import HistoryConflict, SettingsError
from pgrevise.postgres.connect import connect
from pgrevise.postgres.scratch import scratch_server
from pgrevise.postgres.target import Target
from pgrevise.rehearsal.facts import Rehearsal
from tests.pgrevise.conftest import ROOT, Project
from tests.pgrevise.rehearsal.foreign import GENERIC, Foreign, outcomes

DONE = ("done", "done", "done")


@pytest.fixture
def project(tmp_path: Path) -> Foreign:
    return Foreign.made(tmp_path)


@pytest.fixture
def private(project: Foreign) -> Iterator[Target]:
    """The server that the project is rehearsed on."""
    with scratch_server(project.settings) as target:
        yield target


def verdicts(rehearsal: Rehearsal) -> list[str]:
    return [one.verdict.downgrade for one in rehearsal.revisions]


def test_a_project_of_ours_is_rehearsed(bare_project: Project) -> None:
    bare_project.revision("202601010000", "op.execute('CREATE TABLE a ()')", "op.drop_table('a')")
    theirs = Foreign(bare_project.root)
    observed = theirs.only()
    assert outcomes(theirs.rehearse()) == [("202601010000", *DONE)]
    assert dict(observed.naming)["pk"] == "pk_%(table_name)s"


@pytest.mark.parametrize("major", [14, 18])
def test_the_server_is_of_the_version_that_is_wanted(project: Foreign, major: int) -> None:
    project.table("one", "a")
    rehearsal = project.rehearse(major=major)
    assert rehearsal.server.startswith(f"{major}.")
    assert rehearsal.revisions[0].observed.server == major


def test_the_catalog_is_read_before_and_after(project: Foreign) -> None:
    project.table("one", "a")
    project.table("two", "b", "one")
    observed = project.only("two")
    assert observed.after is not None
    assert [e.name for e in observed.before.of_kind("table")] == ["a"]
    assert [e.name for e in observed.after.of_kind("table")] == ["a", "b"]
    assert [c.sentence for c in observed.changes] == ["table b is new"]


def test_a_downgrade_that_leaves_something_is_told_with_what(project: Foreign) -> None:
    project.revision(
        "one", "op.execute('CREATE TABLE a (); CREATE TABLE b ()')", "op.drop_table('a')"
    )
    project.table("two", "c", "one")
    rehearsal = project.rehearse()
    first = rehearsal.revisions[0].observed
    assert [c.sentence for c in first.differences] == ["table b is new"]
    assert first.second_upgrade.outcome == "failed"
    assert outcomes(rehearsal)[1] == ("two", *DONE)


def test_a_downgrade_that_raises_on_purpose_is_no_failure(project: Foreign) -> None:
    project.revision("one", "op.execute('CREATE TABLE a ()')", "raise RuntimeError('never back')")
    project.revision(
        "two", "op.execute('CREATE TABLE b ()')", "raise NotImplementedError", parent="one"
    )
    rehearsal = project.rehearse()
    assert [one[1:] for one in outcomes(rehearsal)] == [("done", "refused", "skipped")] * 2
    assert "never back" in rehearsal.revisions[0].observed.downgrade.error


def test_a_downgrade_that_breaks_has_failed(project: Foreign) -> None:
    project.revision("one", "op.execute('CREATE TABLE a ()')", "op.drop_table('b')")
    observed = project.only()
    assert (observed.downgrade.outcome, observed.second_upgrade.outcome) == ("failed", "skipped")
    assert observed.downgrade.error == 'table "b" does not exist'


def test_a_downgrade_that_does_nothing_is_told_apart(project: Foreign) -> None:
    project.revision("one", "op.execute('CREATE TABLE IF NOT EXISTS a ()')")
    assert verdicts(project.rehearse()) == ["is empty"]


def test_a_revision_that_fails_does_not_stop_the_others(project: Foreign) -> None:
    project.table("root", "a")
    project.revision(
        "bad", "op.execute('CREATE TABLE b ()')\nop.execute('SELECT 1/0')", parent="root"
    )
    project.table("after", "c", "bad")
    project.table("beside", "d", "root")
    rehearsal = project.rehearse()
    found = {one[0]: one[1] for one in outcomes(rehearsal)}
    assert found == {"root": "done", "bad": "failed", "after": "skipped", "beside": "done"}
    skipped = next(
        r.observed for r in rehearsal.revisions if r.observed.upgrade.outcome == "skipped"
    )
    assert skipped.upgrade.error == "bad, which comes before it, could not be applied"
    broken = [f.rule for r in rehearsal.revisions for f in r.findings if f.severity == "error"]
    assert broken == ["upgrade-fails"]


def test_what_a_failed_revision_committed_does_not_reach_the_next(project: Foreign) -> None:
    project.table("root", "a")
    project.revision(
        "bad",
        "with op.get_context().autocommit_block():\n"
        "    op.execute('CREATE TABLE b ()')\n"
        "op.execute('SELECT 1/0')",
        parent="root",
    )
    project.revision(
        "beside", "op.execute('CREATE TABLE b ()')", "op.drop_table('b')", parent="root"
    )
    found = {one[0]: one[1:] for one in outcomes(project.rehearse())}
    assert found["bad"][0] == "failed"
    assert found["beside"] == DONE


def test_rows_that_going_down_and_up_doubles_do_not_reach_the_next(project: Foreign) -> None:
    project.table("one", "a")
    project.revision("two", "op.execute('INSERT INTO a SELECT count(*) FROM a')", parent="one")
    project.revision(
        "three",
        "assert op.get_bind().exec_driver_sql('SELECT count(*) FROM a').scalar() == 1",
        parent="two",
    )
    assert outcomes(project.rehearse())[2] == ("three", *DONE)


def test_revisions_before_the_first_are_applied_and_not_reported(project: Foreign) -> None:
    project.table("one", "a")
    project.table("two", "b", "one")
    project.table("three", "c", "two")
    assert outcomes(project.rehearse("three")) == [("three", *DONE)]


def test_a_revision_behind_one_that_cannot_be_applied_is_skipped_with_the_reason(
    project: Foreign,
) -> None:
    project.revision("one", "op.execute('SELECT 1/0')")
    project.table("two", "b", "one")
    rehearsal = project.rehearse("two")
    assert outcomes(rehearsal) == [("two", "skipped", "skipped", "skipped")]
    assert "division by zero" in " ".join(rehearsal.notes)


def test_what_only_works_step_by_step_is_found(project: Foreign) -> None:
    project.revision(
        "one", "op.execute(\"CREATE TYPE mood AS ENUM ('good')\")", "op.execute('DROP TYPE mood')"
    )
    project.revision("two", "op.execute(\"ALTER TYPE mood ADD VALUE 'bad'\")", parent="one")
    project.revision(
        "three",
        "op.execute(\"CREATE TABLE a (m mood DEFAULT 'bad')\")",
        "op.drop_table('a')",
        parent="two",
    )
    (finding,) = project.rehearse("two:three").findings
    assert (finding.rule, finding.severity, finding.revision) == (
        "stepwise-differs",
        "error",
        "three",
    )
    assert "unsafe use of new value" in finding.sentence


def test_what_gives_the_same_at_once_is_no_finding(project: Foreign) -> None:
    project.table("one", "a")
    project.table("two", "b", "one")
    assert project.rehearse().findings == ()


def test_a_role_that_is_missing_is_made_and_noted(project: Foreign, private: Target) -> None:
    project.revision(
        "one",
        "op.execute('CREATE TABLE a ()')\nop.execute('GRANT SELECT ON a TO rehearsal_reader')",
        "op.drop_table('a')",
    )
    rehearsal = project.rehearse()
    assert outcomes(rehearsal) == [("one", *DONE)]
    assert "no role rehearsal_reader" in rehearsal.notes[0]
    with connect(private) as connection:
        query = "SELECT 1 FROM pg_roles WHERE rolname = 'rehearsal_reader'"
        assert connection.execute(query).fetchone() is None


def test_an_extension_that_is_missing_is_named_with_how_to_have_it(project: Foreign) -> None:
    project.revision("one", "op.execute('CREATE EXTENSION postgis_of_mine')")
    upgrade = project.only().upgrade
    assert upgrade.outcome == "failed"
    assert "no extension postgis_of_mine" in upgrade.error
    assert "PGREVISE_BINDIR" in upgrade.error


DUMP = r"""
\restrict abc
SET transaction_timeout = 0;
SELECT pg_catalog.set_config('search_path', '', false);
CREATE TABLE public.old (id integer, word text);
ALTER TABLE public.old OWNER TO rehearsal_owner;
COPY public.old (id, word) FROM stdin;
1	it's
2	\N
\.
GRANT SELECT ON TABLE public.old TO "Rehearsal Reader";
\unrestrict abc
"""
STAMPED = """
CREATE TABLE public.alembic_version (version_num varchar(32) NOT NULL PRIMARY KEY);
COPY public.alembic_version (version_num) FROM stdin;
one
\\.
"""


def test_a_history_may_start_from_a_dump(project: Foreign, tmp_path: Path) -> None:
    (tmp_path / "dump.sql").write_text(DUMP)
    project.revision(
        "one",
        "assert op.get_bind().exec_driver_sql('SELECT count(*) FROM old').scalar() == 2\n"
        "op.execute('ALTER TABLE old ADD b int')",
        "op.drop_column('old', 'b')",
    )
    assert outcomes(project.rehearse(baseline=tmp_path / "dump.sql")) == [("one", *DONE)]


def test_what_a_dump_is_stamped_with_is_applied_already(project: Foreign, tmp_path: Path) -> None:
    (tmp_path / "dump.sql").write_text(DUMP + STAMPED)
    project.revision("one", "op.execute('SELECT 1/0')")
    project.revision(
        "two", "op.execute('ALTER TABLE old ADD b int')", "op.drop_column('old', 'b')", parent="one"
    )
    rehearsal = project.rehearse(baseline=tmp_path / "dump.sql")
    assert outcomes(rehearsal) == [("two", *DONE)]
    assert "1 of the selected revisions" in rehearsal.notes[-1]


def test_a_dump_of_another_history_is_refused(project: Foreign, tmp_path: Path) -> None:
    (tmp_path / "dump.sql").write_text(STAMPED.replace("one", "elsewhere"))
    project.table("one", "a")
    with pytest.raises(HistoryConflict, match="elsewhere"):
        project.rehearse(baseline=tmp_path / "dump.sql")


def test_a_dump_that_is_refused_is_told_with_its_line(project: Foreign, tmp_path: Path) -> None:
    (tmp_path / "dump.sql").write_text("CREATE TABLE a ();\nCREATE TABLE a (;\n")
    project.table("one", "a")
    with pytest.raises(SettingsError, match=r"dump\.sql, line 2"):
        project.rehearse(baseline=tmp_path / "dump.sql")


def test_an_extension_in_a_dump_that_the_server_lacks_is_told(
    project: Foreign, tmp_path: Path
) -> None:
    (tmp_path / "dump.sql").write_text("CREATE EXTENSION nowhere_to_be_found;\n")
    project.table("one", "a")
    with pytest.raises(SettingsError, match="nowhere_to_be_found") as refused:
        project.rehearse(baseline=tmp_path / "dump.sql")
    assert "bindir" in refused.value.next_step


def is_there(server: Target, database: str) -> bool:
    with connect(server) as connection:
        query = "SELECT 1 FROM pg_database WHERE datname = %s"
        return connection.execute(query, [database]).fetchone() is not None


def test_nothing_is_left_on_the_server_even_after_ctrl_c(project: Foreign, private: Target) -> None:
    project.revision(
        "one",
        "import os, pathlib, time\n"
        "pathlib.Path('new').write_text(os.environ['PGDATABASE'])\n"
        "pathlib.Path('new').rename('begun')\n"
        "time.sleep(600)",
    )
    script = (
        "from tests.pgrevise.rehearsal.foreign import Foreign; from pathlib import Path; "
        f"Foreign(Path({str(project.root)!r})).rehearse()"
    )
    begun = project.root / "begun"
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stderr=subprocess.PIPE) as run:
        deadline = time.monotonic() + 60
        while not begun.exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert is_there(private, begun.read_text())
        run.send_signal(signal.SIGINT)
        run.communicate(timeout=60)
    assert not is_there(private, begun.read_text())


def test_env_py_prints_and_that_is_kept_out_of_the_way(
    project: Foreign, capfd: pytest.CaptureFixture[str]
) -> None:
    project.env(GENERIC + "\nprint('noise')\n")
    project.table("one", "a")
    project.rehearse()
    assert "noise" not in "".join(capfd.readouterr())
