"""Models = history, in words: tables no model declares, and models that nobody imports."""

from __future__ import annotations

import json
from textwrap import dedent

import pytest

from tests.pgrevise.conftest import Project

BASE = """
from sqlalchemy.orm import DeclarativeBase

class Base(DeclarativeBase): pass

metadata = Base.metadata
"""
JOB = """
from sqlalchemy.orm import Mapped, mapped_column
from models.base import Base
open("imported_{0}", "w").close()

class {1}(Base):
    __tablename__ = "{0}"
    id: Mapped[int] = mapped_column(primary_key=True)
"""
CREATED = "op.execute('CREATE TABLE {0} (id serial CONSTRAINT {0}_pkey PRIMARY KEY)')"


@pytest.fixture
def package(bare_project: Project) -> Project:
    """Models in a package that imports `jobs`, and a history that has the table `jobs`."""
    (bare_project.root / "models.py").unlink()
    write(
        bare_project, "models/__init__.py", "from models import jobs\nfrom models.base import *\n"
    )
    write(bare_project, "models/base.py", BASE)
    write(bare_project, "models/jobs.py", JOB.format("jobs", "Job"))
    env = bare_project.root / "migrations" / "env.py"
    env.write_text(env.read_text().replace("from models", "from models.base"))
    write(bare_project, "migrations/env.py", "import models\n" + env.read_text())
    bare_project.revision("202401010000", CREATED.format("jobs"))
    return bare_project


def write(project: Project, name: str, text: str) -> None:
    path = project.root / name
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(dedent(text))


def test_models_that_are_all_imported_pass(package: Project) -> None:
    done = package.run("invoke", "db.check")
    assert done.returncode == 0, done


def test_a_model_that_is_never_imported_is_named_and_not_imported(package: Project) -> None:
    write(package, "models/extra.py", JOB.format("extras", "Extra"))
    done = package.run("invoke", "db.check")
    assert done.returncode == 1, done
    assert "models/extra.py declares table extras and is never imported" in done.stdout
    assert not (package.root / "imported_extras").exists()


def test_a_table_no_model_declares_is_said_so(package: Project) -> None:
    package.revision("202401010001", CREATED.format("orphans"), parent="202401010000")
    done = package.run("invoke", "db.check")
    assert done.returncode == 1, done
    assert "table orphans is in the history but in no model: import" in done.stdout


def test_a_table_of_a_model_never_imported_leads_to_its_file(package: Project) -> None:
    write(package, "models/billing/extra.py", JOB.format("extras", "Extra"))
    package.revision("202401010001", CREATED.format("extras"), parent="202401010000")
    done = package.run("invoke", "db.check", "--json")
    told = json.loads(done.stdout)
    assert told["unimported"][0]["tables"] == ["extras"]
    sentences = [difference["sentence"] for difference in told["differences"]]
    assert any("import models/billing/extra.py, which declares it" in s for s in sentences)


def test_a_core_table_beside_the_models_is_found(bare_project: Project) -> None:
    text = 'import sqlalchemy as sa\nt = sa.Table("t", sa.MetaData(), sa.Column("n", sa.Integer))\n'
    write(bare_project, "more.py", text)
    done = bare_project.run("invoke", "db.check")
    assert "more.py declares table t and is never imported" in done.stdout, done


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("models/tests/fake.py", JOB.format("fakes", "Fake")),
        ("models/test_fake.py", JOB.format("fakes", "Fake")),
        ("models/console.py", 'from rich.table import Table\nt = Table("jobs", "state")\n'),
        ("models/broken.py", "__tablename__ = (\n"),
        (
            "models/other.py",
            "# pgrevise: allow unimported-model -- it is in another database\n"
            + JOB.format("others", "Other"),
        ),
    ],
)
def test_what_is_no_model_of_this_history_passes(package: Project, name: str, text: str) -> None:
    write(package, name, text)
    done = package.run("invoke", "db.check")
    assert done.returncode == 0, done
