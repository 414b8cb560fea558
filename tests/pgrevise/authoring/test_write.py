"""Writing a revision: compared with the history, tried once, honest about what is missing."""

from __future__ import annotations

import json

import pytest

from pgrevise import catalog
from pgrevise.authoring.write import merge_heads, new_revision
from pgrevise.errors import HistoryConflict, SettingsError, UsageError
from pgrevise.history.listing import listing
from pgrevise.history.names import FILE_NAME
from pgrevise.postgres.connect import connect
from pgrevise.postgres.scratch import scratch_databases
from pgrevise.postgres.target import Target
from pgrevise.rollout import commands
from tests.pgrevise.conftest import Project

TABLE = 'jobs = Table("jobs", metadata, Column("id", BigInteger, Identity(always=True), primary_key=True){})\n'
CREATED = "op.execute('CREATE TABLE jobs (id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_jobs PRIMARY KEY{})')"
HARD_TEXT = r"""it's :a ::b \:c \\ \n 100% %s %(x)s "d" \"e\" ''' :smile: {} $1 $$ :x:y"""


def operations(project: Project) -> str:
    """The functions of the newest revision: what does not depend on the moment it was written."""
    newest = max(project.versions.glob("*.py"))
    return newest.read_text().partition("def upgrade")[2]


def names(project: Project) -> list[str]:
    return sorted(path.name for path in project.versions.glob("*.py"))


def test_it_is_compared_with_the_history_whatever_the_database_has(
    project: Project, database: Target
) -> None:
    project.models(TABLE.format(', Column("kind", Text)'))
    project.revision("202401010000", CREATED.format(""), "op.drop_table('jobs')")
    assert project.run("invoke", "db.new", "add kind").returncode == 0
    at_base = operations(project)
    max(project.versions.glob("*.py")).unlink()
    with connect(database) as connection:
        connection.execute("CREATE TABLE jobs (id bigint, kind text)")
    assert project.run("invoke", "db.new", "add kind").returncode == 0
    assert operations(project) == at_base
    assert "op.add_column('jobs', sa.Column('kind'" in at_base
    assert "create_table" not in at_base


def test_nothing_is_written_when_nothing_differs(bare_project: Project) -> None:
    bare_project.models(TABLE.format(""))
    bare_project.revision("202401010000", CREATED.format(""), "op.drop_table('jobs')")
    done = bare_project.run("invoke", "db.new", "nothing", "--json")
    assert done.returncode == 0, done
    assert json.loads(done.stdout)["path"] is None
    assert names(bare_project) == ["202401010000_change.py"]


def test_the_written_revision_leads_to_the_models_and_back(bare_project: Project) -> None:
    bare_project.models(TABLE.format(', Column("kind", Text, nullable=False, index=True)'))
    done = bare_project.run("invoke", "db.new", "create jobs")
    assert done.returncode == 0, done
    assert FILE_NAME.fullmatch(done.stdout.strip().rpartition("/")[2])
    assert "Not in the revision" not in done.stderr
    again = bare_project.run("invoke", "db.check")
    assert again.returncode == 0, again


def test_sql_is_plain_statements_that_give_the_same_schema(bare_project: Project) -> None:
    column = f', Column("kind", Text, server_default={HARD_TEXT!r}, comment={HARD_TEXT!r})'
    comment = f"one line  \n\n  after a blank one: {HARD_TEXT}"
    bare_project.models(TABLE.format(column) + f"jobs.comment = {comment!r}\n")
    done = bare_project.run("invoke", "db.new", "create jobs", "--sql")
    assert done.returncode == 0, done
    assert "Not in the revision" not in done.stderr
    assert "does not run" not in done.stderr
    text = operations(bare_project)
    assert "CREATE TABLE jobs" in text
    assert "op.create_table" not in text
    assert bare_project.run("invoke", "db.check").returncode == 0


def test_sql_and_operations_give_the_same_catalog(bare_project: Project, server: Target) -> None:
    bare_project.models(
        "from sqlalchemy import ForeignKey, CheckConstraint\n"
        + TABLE.format(', Column("kind", Text), CheckConstraint("kind <> \'\'", name="kind")')
        + 'Table("attempts", metadata, Column("job", ForeignKey("jobs.id"), index=True))\n'
    )
    pictures = []
    for words in (["--sql"], []):
        assert bare_project.run("invoke", "db.new", "create", *words).returncode == 0
        with scratch_databases(server) as (target,), connect(target) as connection:
            commands.upgrade(bare_project.settings, target)
            pictures.append(catalog.read(connection, ["public"]))
        for path in bare_project.versions.glob("*.py"):
            path.unlink()
    assert catalog.diff(*pictures) == []


def test_what_autogenerate_cannot_write_is_listed_and_no_file_written(
    bare_project: Project,
) -> None:
    bare_project.models(
        "from sqlalchemy import Index\n"
        + TABLE.format(', Column("kind", Text)')
        + 'Index("ix_jobs_kind", jobs.c.kind, postgresql_where=jobs.c.kind == "b")\n'
    )
    bare_project.revision(
        "202401010000",
        CREATED.format(", kind text")
        + '\nop.execute("CREATE INDEX ix_jobs_kind ON jobs (kind) WHERE kind = \'a\'")',
    )
    done = bare_project.run("invoke", "db.new", "change the index")
    assert done.returncode == 1, done
    assert "ix_jobs_kind" in done.stderr
    assert "autogenerate cannot write it" in done.stderr
    assert names(bare_project) == ["202401010000_change.py"]


def test_what_is_missing_is_listed_beside_what_was_written(bare_project: Project) -> None:
    trigger = (
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
        " CREATE TRIGGER told AFTER INSERT ON jobs FOR EACH ROW EXECUTE FUNCTION f()"
    )
    bare_project.models(
        "from sqlalchemy import DDL, event\n"
        + TABLE.format("")
        + f'event.listen(jobs, "after_create", DDL("{trigger}"))\n'
    )
    done = bare_project.run("invoke", "db.new", "create jobs", "--json")
    assert done.returncode == 0, done
    told = json.loads(done.stdout)
    assert told["path"]
    assert told["failure"] is None
    assert any("told" in json.dumps(change) for change in told["missing"])


def test_a_revision_that_does_not_run_yet_is_said_so(bare_project: Project) -> None:
    bare_project.models(TABLE.format(', Column("kind", Text, nullable=False)'))
    bare_project.revision(
        "202401010000", CREATED.format("") + "\nop.execute('INSERT INTO jobs DEFAULT VALUES')"
    )
    done = bare_project.run("invoke", "db.new", "add kind")
    assert "does not run yet" in done.stderr, done
    assert "contains null values" in done.stderr
    assert len(names(bare_project)) == 2


def test_models_that_cannot_be_created_are_told_and_nothing_written(
    bare_project: Project,
) -> None:
    bare_project.models(TABLE.format(', Column("n", Text, server_default=text("nope()"))'))
    bare_project.models(
        "from sqlalchemy import text\n"
        + TABLE.format(', Column("n", Text, server_default=text("nope()"))')
    )
    done = bare_project.run("invoke", "db.new", "add n")
    assert done.returncode == 2, done
    assert "function nope() does not exist" in done.stderr
    assert names(bare_project) == []


def test_a_failing_formatter_leaves_no_file(bare_project: Project) -> None:
    ini = bare_project.root / "alembic.ini"
    hook = "[post_write_hooks]\nhooks = f\nf.type = exec\nf.executable = /no/such/formatter\n"
    ini.write_text(ini.read_text() + hook)
    with pytest.raises((HistoryConflict, OSError)):
        new_revision(bare_project.settings, "x", empty=True)
    assert names(bare_project) == []


def test_a_template_that_writes_no_python_leaves_no_file(bare_project: Project) -> None:
    template = bare_project.root / "migrations" / "script.py.mako"
    template.write_text(template.read_text() + "\ndef broken(:\n")
    with pytest.raises(HistoryConflict, match="not valid Python"):
        new_revision(bare_project.settings, "x", empty=True)
    assert names(bare_project) == []


def test_empty_and_sql_contradict_each_other(bare_project: Project) -> None:
    with pytest.raises(UsageError, match="contradict"):
        new_revision(bare_project.settings, "x", empty=True, as_sql=True)


def test_an_env_py_that_hands_over_no_models_is_told(bare_project: Project) -> None:
    (bare_project.root / "migrations" / "env.py").write_text("")
    with pytest.raises(SettingsError, match="did not hand over any models"):
        new_revision(bare_project.settings, "x")


def test_merge_joins_two_heads_with_a_timestamp(bare_project: Project) -> None:
    bare_project.revision("202401010000")
    bare_project.revision("202401010001", parent="202401010000")
    bare_project.revision("202401010002", parent="202401010000")
    written = merge_heads(bare_project.settings, 'join "both"')
    assert written.path is not None
    assert FILE_NAME.fullmatch(written.path.name)
    newest = listing(bare_project.settings)[-1]
    assert newest.revision == written.revision
    assert set(newest.parents) == {"202401010001", "202401010002"}
    assert newest.marks == ("head", "merge")
    assert newest.subject == 'join "both"'


def test_merge_of_one_head_is_refused(bare_project: Project) -> None:
    bare_project.revision("202401010000")
    with pytest.raises(UsageError, match="nothing to merge"):
        merge_heads(bare_project.settings, "join")


