"""The SQL of upgrades and downgrades, without a database."""

import io

import pytest

from pgrevise.errors import UsageError
from pgrevise.rollout.commands import offline_sql
from tests.pgrevise.conftest import Project

OLD, NEW = "202401010000", "202401010001"


@pytest.fixture
def history(bare_project: Project) -> Project:
    bare_project.revision(OLD, "op.execute('CREATE TABLE a ()')", "op.drop_table('a')")
    bare_project.revision(NEW, "op.execute('CREATE TABLE b ()')", "op.drop_table('b')", parent=OLD)
    return bare_project


def text(project: Project, revision: str, *, down: bool = False) -> str:
    output = io.StringIO()
    offline_sql(project.settings, revision, down=down, output=output)
    return output.getvalue()


def test_the_whole_history_is_printed_in_utc(history: Project) -> None:
    script = text(history, "head")
    assert script.startswith("SET timezone = 'UTC';")
    assert script.index("CREATE TABLE a") < script.index("CREATE TABLE b")


def test_each_revision_is_a_transaction_of_its_own(history: Project) -> None:
    assert text(history, "head").count("BEGIN;") == 2


def test_a_range_leaves_out_what_is_applied(history: Project) -> None:
    script = text(history, f"{OLD}:head")
    assert "CREATE TABLE b" in script
    assert "CREATE TABLE a" not in script


def test_downgrades_are_printed_over_a_range(history: Project) -> None:
    assert "DROP TABLE b" in text(history, f"{NEW}:{OLD}", down=True)


@pytest.mark.parametrize(
    ("revision", "down", "words"),
    [
        (f"{NEW}:{OLD}", False, f"{OLD} is not above {NEW}"),
        (f"{OLD}:{NEW}", True, f"{NEW} is not below {OLD}"),
        ("head:base", False, "base is not above head"),
        ("head", True, "--down needs a range"),
    ],
)
def test_a_range_that_runs_the_other_way_is_refused(
    history: Project, revision: str, down: bool, words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        text(history, revision, down=down)
