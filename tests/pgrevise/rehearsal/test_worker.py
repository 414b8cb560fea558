"""What a revision may do to the process that runs it, and what is said of that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pgrevise.rehearsal.facts import Passage
from tests.pgrevise.conftest import Project
from tests.pgrevise.rehearsal.foreign import Foreign


@pytest.fixture
def project(tmp_path: Path) -> Foreign:
    return Foreign.made(tmp_path)


def upgrade(project: Foreign, text: str, **options: Any) -> Passage:
    project.revision("one", text)
    return project.only(**options).upgrade


def test_a_revision_that_exits_has_failed_where_it_does(project: Foreign) -> None:
    passage = upgrade(project, "import sys\nsys.exit(3)")
    assert (passage.outcome, passage.error_line) == ("failed", project.line("one", "sys.exit"))
    assert "sys.exit(3)" in passage.error


def test_a_process_that_ends_by_itself_is_told_with_its_status(project: Foreign) -> None:
    passage = upgrade(project, "import os\nos._exit(7)")
    assert (passage.outcome, passage.error) == (
        "failed",
        "its process ended by itself: exit status 7",
    )


def test_a_process_that_is_killed_is_told_with_the_signal(project: Foreign) -> None:
    passage = upgrade(project, "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)")
    assert passage.error == "its process ended by itself: killed by SIGSEGV"


def test_megabytes_are_printed_and_a_beginning_and_an_end_are_kept(project: Foreign) -> None:
    passage = upgrade(project, "print('first')\nprint('x' * 30_000_000)\nprint('last')")
    assert passage.outcome == "done"
    assert passage.output.startswith("first")
    assert passage.output.rstrip().endswith("last")
    assert len(passage.output) < 50_000
    assert "bytes are left out" in passage.output


def test_what_alembic_logs_is_not_what_the_revision_prints(project: Foreign) -> None:
    env = project.root / "migrations" / "env.py"
    log = "import logging, sys\nlogging.basicConfig(level='INFO', stream=sys.stderr, "
    env.write_text(log + "format='%(levelname)-5.5s [%(name)s] %(message)s')\n" + env.read_text())
    assert upgrade(project, "print('hello')").output == "hello\n"


def test_reading_standard_input_finds_nothing(project: Foreign) -> None:
    assert "EOFError" in upgrade(project, "input('Go on? ')").error


def test_a_thread_that_is_left_running_is_counted(project: Foreign) -> None:
    passage = upgrade(
        project,
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=[600], daemon=True).start()",
    )
    assert (passage.outcome, passage.threads) == ("done", 1)


def test_a_process_that_is_left_running_is_ended(project: Foreign) -> None:
    marker = project.root / "still_there"
    upgrade(
        project,
        f"import subprocess\nsubprocess.Popen(['sh', '-c', 'sleep 2; touch {marker}'])",
    )
    assert not marker.exists()


def test_an_error_is_one_sentence_with_the_line(project: Foreign) -> None:
    passage = upgrade(project, "x = 1\nop.execute('SELECT * FROM nowhere')")
    assert (passage.outcome, passage.error_line) == ("failed", project.line("one", "nowhere"))
    assert passage.error == 'relation "nowhere" does not exist'


def test_an_error_in_a_module_that_a_revision_uses_is_told_with_its_place(project: Foreign) -> None:
    (project.root / "helper.py").write_text("def work():\n    return {}['size']\n")
    passage = upgrade(project, "import helper\nhelper.work()")
    assert passage.error == "KeyError: 'size' is not there"
    assert passage.error_line == project.line("one", "helper.work()")


def test_a_second_connection_that_waits_for_the_first_is_told_as_that(project: Foreign) -> None:
    project.table("one", "a")
    project.revision(
        "two",
        """
        op.execute("ALTER TABLE a ADD COLUMN b int")
        other = sa.create_engine(op.get_bind().engine.url)
        with other.connect() as connection:
            connection.exec_driver_sql("SELECT count(*) FROM a")
        """,
        parent="one",
    )
    passage = project.only("two", deadline=2.0).upgrade
    assert (passage.outcome, passage.error_line) == ("hung", project.line("two", "SELECT count"))
    assert "ACCESS SHARE on a" in passage.error
    assert "held by a second connection of its own" in passage.error
    assert "ALTER TABLE a ADD COLUMN b int" in passage.error


def test_a_statement_that_does_not_end_is_named(project: Foreign) -> None:
    passage = upgrade(project, "op.execute('SELECT pg_sleep(600)')", deadline=1.5)
    assert (passage.outcome, passage.error_line) == ("hung", project.line("one", "pg_sleep"))
    assert "SELECT pg_sleep(600)" in passage.error


def test_a_loop_in_python_is_found_by_its_line(project: Foreign) -> None:
    passage = upgrade(project, "x = 1\nwhile True:\n    x += 1", deadline=1.5)
    assert passage.outcome == "hung"
    first = project.line("one", "while True")
    assert passage.error_line in (first, first + 1)
    assert "Python code had not ended" in passage.error


def test_what_was_seen_before_a_revision_hung_is_kept(project: Foreign) -> None:
    text = "op.execute('CREATE TABLE a ()')\nop.execute('SELECT pg_sleep(600)')"
    passage = upgrade(project, text, deadline=1.5)
    assert "CREATE TABLE a ()" in [statement.sql for statement in passage.statements]


def test_a_lock_that_our_own_env_py_does_not_wait_for_is_its_own(bare_project: Project) -> None:
    bare_project.revision("202601010000", "op.execute('CREATE TABLE a ()')", "op.drop_table('a')")
    bare_project.revision(
        "202601010001",
        """
        op.execute("LOCK TABLE a")
        with sa.create_engine(op.get_bind().engine.url).connect() as other:
            other.exec_driver_sql("SET lock_timeout = '100ms'")
            other.exec_driver_sql("SELECT FROM a")
        """,
        parent="202601010000",
    )
    upgrade = Foreign(bare_project.root).only("head").upgrade
    assert upgrade.error.startswith("canceling statement due to lock timeout")
    assert upgrade.error.endswith("another connection of its own")
