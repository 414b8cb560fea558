"""Released code as such: which one is run and with what, what is said of trouble, what is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

import pytest

from pgrevise.errors import SettingsError
from pgrevise.postgres.connect import connect
from pgrevise.postgres.target import Target
from tests.pgrevise.conftest import ROOT
from tests.pgrevise.rehearsal.foreign import GENERIC, Foreign
from tests.pgrevise.rehearsal.trial.released_project import INI, JOBS, ReleasedProject, made


@pytest.fixture
def project(tmp_path: Path, database: Target) -> ReleasedProject:
    return made(tmp_path / "it's a project", database)


def test_code_that_cannot_be_imported_is_told_with_its_place(project: ReleasedProject) -> None:
    project.write("models.py", "import nowhere_to_be_found\n")
    project.commit()
    found = project.upgraded("SELECT 1")
    commit = found.commit[:10]
    assert found.error == (
        f"The released code (HEAD, {commit}) cannot be imported: models.py:1: "
        "ModuleNotFoundError: No module named 'nowhere_to_be_found'."
    )
    assert "--released-python PATH" in found.next_step
    assert (found.classes, found.broken) == (0, ())


def test_a_submodule_is_told_when_code_cannot_be_imported(project: ReleasedProject) -> None:
    project.write("models.py", "import vendored\n")
    head = project.commit()
    project.git("update-index", "--add", "--cacheinfo", f"160000,{head},vendored")
    project.git("commit", "--quiet", "--message", "x")
    assert "the submodule vendored" in project.upgraded("SELECT 1").next_step


def test_code_that_prints_megabytes_is_imported(project: ReleasedProject) -> None:
    project.write(
        "models.py", (project.root / "models.py").read_text() + "\nprint('x' * 9_000_000)"
    )
    project.commit()
    assert project.broken("ALTER TABLE jobs DROP COLUMN name")


def test_code_that_ends_its_process_is_told(project: ReleasedProject) -> None:
    project.write("models.py", "import os\nprint('good bye', flush=True)\nos._exit(7)")
    project.commit()
    found = project.upgraded("SELECT 1")
    assert found.error.endswith("its process ended by itself: exit status 7: good bye.")


def test_code_that_hangs_is_ended_within_the_deadline(project: ReleasedProject) -> None:
    project.options["deadline"] = 1.0
    project.models(
        """
        class Slow(TypeDecorator):
            impl, cache_ok = Text, True
            def process_result_value(self, value, dialect):
                while True: pass

        class Job(Base):
            __tablename__ = "jobs"
            id: Mapped[int] = mapped_column(primary_key=True)
            name: Mapped[str] = mapped_column(Slow)
        """
    )
    found = project.upgraded("SELECT 1")
    assert "did not come to its end within 1 s" in found.error
    assert "--deadline" in found.next_step


def test_an_interpreter_that_is_not_there_is_told(project: ReleasedProject) -> None:
    project.options["released_python"] = "/nowhere/python"
    found = project.upgraded("SELECT 1")
    assert (
        found.error == "The interpreter /nowhere/python cannot be run: No such file or directory."
    )


def test_an_environment_without_sqlalchemy_is_told(project: ReleasedProject) -> None:
    venv.create(project.root / "empty", with_pip=False)
    project.options["released_python"] = str(project.root / "empty" / "bin" / "python")
    found = project.upgraded("SELECT 1")
    assert "No module named" in found.error
    assert "--released-python" in found.next_step


def test_another_interpreter_runs_it(project: ReleasedProject) -> None:
    environment = project.root.parent / "environment"
    venv.create(environment, with_pip=False)
    site = next(environment.glob("lib/python*/site-packages"))
    import sqlalchemy

    (site / "libraries.pth").write_text(str(Path(sqlalchemy.__file__).parents[1]))
    python = environment / "bin" / "python"
    project.write(
        "models.py",
        (project.root / "models.py").read_text()
        + f"\nimport sys\nassert sys.executable == {str(python)!r}",
    )
    project.commit()
    project.options["released_python"] = str(python)
    assert project.broken("ALTER TABLE jobs RENAME TO work")


@pytest.mark.parametrize("driver", ["psycopg2", "asyncpg"])
def test_the_driver_of_the_project_is_used(project: ReleasedProject, driver: str) -> None:
    project.options["driver"] = driver
    found = project.upgraded("ALTER TABLE jobs DROP COLUMN name")
    assert found.broken[0].error == "column jobs.name does not exist"
    assert len(found.broken) == 3


def test_what_is_released_is_imported_and_not_the_working_tree(project: ReleasedProject) -> None:
    project.write("models.py", "raise AssertionError('the working tree')")
    assert project.broken("ALTER TABLE jobs ADD COLUMN x int") == []


def test_an_editable_install_of_the_working_tree_is_led_to_what_is_released(
    project: ReleasedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write("src/inner.py", (project.root / "models.py").read_text())
    project.write("models.py", "from inner import Base, Job")
    project.commit()
    project.write("src/inner.py", "raise AssertionError('the working tree')")
    monkeypatch.setenv("PYTHONPATH", str(project.root / "src"))
    assert project.broken("ALTER TABLE jobs ADD COLUMN x int") == []


def test_code_that_comes_from_the_working_tree_is_not_what_is_released(
    project: ReleasedProject,
) -> None:
    project.write("kept/inner.py", (project.root / "models.py").read_text())
    place = str(project.root / "kept")
    project.write("models.py", f"import sys\nsys.path.insert(0, {place!r})\nfrom inner import Base")
    project.commit()
    found = project.upgraded("SELECT 1")
    assert "the module inner came from the working tree" in found.error


def test_an_env_py_that_connects_is_led_to_the_rehearsal(project: ReleasedProject) -> None:
    project.write(
        "migrations/env.py",
        "import sqlalchemy\nfrom alembic import context\nfrom models import Base\n"
        "if context.is_offline_mode(): raise RuntimeError('not offline')\n"
        "url = 'postgresql+psycopg://app:secret@db.example.org/production'\n"
        "with sqlalchemy.create_engine(url).connect() as connection:\n"
        "    named = connection.scalar(sqlalchemy.text('SELECT current_database()'))\n"
        f"    assert named == {project.database.database!r}\n"
        "    context.configure(connection=connection, target_metadata=Base.metadata)\n"
        "    with context.begin_transaction(): context.run_migrations()\n",
    )
    project.commit()
    assert project.broken("ALTER TABLE jobs ADD COLUMN x int") == []
    with connect(project.database) as connection:
        named = connection.execute("SELECT to_regclass('alembic_version')").fetchone()
    assert named == (None,)


def test_an_unknown_reference_is_refused(project: ReleasedProject) -> None:
    project.options["released"] = "v9"
    with pytest.raises(SettingsError, match="no such commit") as raised, project.opened():
        pass
    assert "--released v9" in raised.value.sentence


def test_a_project_without_git_is_refused(project: ReleasedProject) -> None:
    (project.root / ".git").rename(project.root / "no_git")
    with pytest.raises(SettingsError, match="in no git repository"), project.opened():
        pass


def test_a_shallow_clone_is_told_as_that(project: ReleasedProject, tmp_path: Path) -> None:
    clone = ReleasedProject(tmp_path / "clone", project.database, {"released": "HEAD~1"})
    project.commit()
    project.git("clone", "--quiet", "--depth", "1", f"file://{project.root}", str(clone.root))
    with pytest.raises(SettingsError, match="shallow clone") as raised, clone.opened():
        pass
    assert "git fetch --unshallow" in raised.value.next_step


def test_the_merge_base_is_where_the_branch_left_the_main_branch(project: ReleasedProject) -> None:
    before = project.git("rev-parse", "HEAD")
    project.git("checkout", "--quiet", "-b", "feature")
    project.models(
        "class Other(Base):\n    __tablename__ = 'o'\n    id = Column(Integer, primary_key=True)"
    )
    project.options["released"] = "merge-base"
    found = project.upgraded("ALTER TABLE jobs DROP COLUMN name")
    assert (found.commit, found.broken[0].mapped) == (before, "models.Job")


def test_a_rehearsal_tells_what_breaks(project: ReleasedProject) -> None:
    theirs = Foreign(project.root)
    theirs.env(
        GENERIC.replace("= None", "= models.Base.metadata").replace(
            "from", "import models\nfrom", 1
        )
    )
    (project.root / "alembic.ini").write_text(
        INI.replace("prepend", "sqlalchemy.url = postgresql+psycopg://\nprepend")
    )
    theirs.revision("one", f"op.execute({JOBS!r})", "op.drop_table('jobs')")
    commit = project.commit()
    theirs.revision("two", "op.drop_column('jobs', 'name')", "raise RuntimeError", parent="one")
    trial = theirs.only("two", released="HEAD").trial
    assert trial is not None
    assert trial.released is not None
    assert (trial.released.commit, trial.released.error) == (commit, "")
    assert [one.operation for one in trial.released.broken] == ["select", "insert", "update"]


def test_nothing_is_left_behind(
    project: ReleasedProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    git = sorted(project.root.rglob(".git/**/*"))
    with project.opened() as code:
        code.parent(project.database, project.tables)
        assert len(list(place.iterdir())) == 1
        raised = _children()
    assert list(place.iterdir()) == []
    assert sorted(project.root.rglob(".git/**/*")) == git
    assert raised > _children()


def test_a_rehearsal_that_is_killed_leaves_nothing_behind(
    project: ReleasedProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setenv("TMPDIR", str(place))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    script = f"""
import os, signal
from pathlib import Path
from pgrevise import settings
from pgrevise.postgres.target import parse
from pgrevise.rehearsal.options import Options
from pgrevise.rehearsal.trial.released import open_released
with open_released(settings.load(Path.cwd()), Options(released="HEAD")) as code:
    code.parent(parse({project.database.url!r}), ["jobs"])
    assert len(os.listdir({str(place)!r})) == 1
    os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=project.root, check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    deadline = time.monotonic() + 20
    while list(place.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert list(place.iterdir()) == []


def _children() -> int:
    path = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    if not path.exists():
        pytest.skip(f"no /proc on {sys.platform}")
    return len(path.read_text().split())


def test_attributes_for_archives_leave_nothing_out(project: ReleasedProject) -> None:
    project.write(".gitattributes", "models.py export-ignore\n")
    project.commit()
    assert project.broken("ALTER TABLE jobs ADD COLUMN x int") == []


def test_an_alembic_ini_that_git_does_not_have_is_brought_along(project: ReleasedProject) -> None:
    project.git("rm", "--quiet", "--cached", "alembic.ini")
    project.write(".gitignore", "alembic.ini\n")
    project.commit()
    assert project.broken("ALTER TABLE jobs ADD COLUMN x int") == []
