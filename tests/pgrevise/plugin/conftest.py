"""Small projects whose own pytest run is looked at from outside."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest

from pgrevise import settings
from pgrevise.settings import Settings
from tests.pgrevise.conftest import INI, Project

QUIET = ("-q", "-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-ra")
READY_MADE = "from pgrevise.migration_tests import *  # noqa: F403\n"


@dataclass(frozen=True)
class Outcome:
    """How a pytest run ended: what failed and was skipped, and all that it said."""

    output: str

    def named(self, word: str) -> set[str]:
        return set(re.findall(rf"^{word} \S*?::(\w+)", self.output, re.MULTILINE))

    @property
    def failed(self) -> set[str]:
        return self.named("FAILED") | self.named("ERROR")

    @property
    def passed(self) -> int:
        found = re.search(r"(\d+) passed", self.output)
        return int(found[1]) if found else 0


RunTests = Callable[..., Outcome]


@pytest.fixture
def run_tests() -> RunTests:
    """Run a test file, given as text, in a project."""

    def run(project: Project, text: str = READY_MADE, *arguments: str) -> Outcome:
        (project.root / "test_project.py").write_text(dedent(text))
        done = project.run("pytest", *QUIET, *arguments, "test_project.py")
        return Outcome(done.stdout + done.stderr)

    return run


@pytest.fixture
def history(bare_project: Project) -> Project:
    """Two good revisions and models that say the same."""
    bare_project.models("""
        Table("jobs", metadata, Column("id", BigInteger, Identity(), primary_key=True),
              Column("state", Text, index=True))
    """)
    bare_project.revision(
        "202401010000",
        """
        op.create_table("jobs", sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
                        sa.PrimaryKeyConstraint("id", name="pk_jobs"))
        """,
        'op.drop_table("jobs")',
        subject="create jobs",
    )
    bare_project.revision(
        "202401020000",
        """
        op.add_column("jobs", sa.Column("state", sa.Text))
        op.create_index("ix_jobs_state", "jobs", ["state"])
        """,
        'op.drop_column("jobs", "state")',
        parent="202401010000",
        subject="add state",
    )
    return bare_project


def third(project: Project, upgrade: str, downgrade: str = "pass") -> Path:
    """A third revision on top of the two good ones."""
    return project.revision(
        "202401030000", upgrade, downgrade, parent="202401020000", subject="the third"
    )


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Those of a project that only the tests of one module have."""
    root = tmp_path_factory.mktemp("reuse")
    (root / "alembic.ini").write_text(INI)
    return settings.load(root)
