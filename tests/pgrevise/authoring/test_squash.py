"""Squashing: one baseline in the place of a history, proved before anything moves."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pgrevise import catalog
from pgrevise.authoring.drift import drift
from pgrevise.authoring.squash import Squashed, squash
from pgrevise.errors import HistoryConflict, SettingsError, UsageError
from pgrevise.history.data import data_statements
from pgrevise.history.listing import listing
from pgrevise.history.squash import statements
from pgrevise.postgres.connect import connect
from pgrevise.postgres.scratch import scratch_databases
from pgrevise.postgres.target import Target
from pgrevise.rollout import commands
from tests.pgrevise.conftest import Project

A, B, C, D = (f"20240101000{n}" for n in range(4))
Query = Callable[..., list[tuple[object, ...]]]


@pytest.fixture
def three(bare_project: Project) -> Project:
    """A history of three revisions without data."""
    bare_project.revision(A, "op.execute('CREATE TABLE a (n int)')", "op.drop_table('a')")
    bare_project.revision(
        B,
        "op.execute('CREATE TABLE b (n int PRIMARY KEY)')\n"
        "op.execute('ALTER TABLE a ADD FOREIGN KEY (n) REFERENCES b')",
        "op.execute('DROP TABLE b CASCADE')",
        parent=A,
    )
    bare_project.revision(
        C, "op.execute('ALTER TABLE a ADD m int')", "op.drop_column('a', 'm')", parent=B
    )
    return bare_project


def names(project: Project, folder: str = "versions") -> list[str]:
    return sorted(path.name for path in (project.root / "migrations" / folder).glob("*.py"))


def everything(project: Project) -> dict[Path, bytes]:
    files = (path for path in project.root.rglob("*") if path.is_file())
    return {path: path.read_bytes() for path in files if path.suffix != ".pyc"}


def picture(project: Project, server: Target, revision: str = "heads") -> catalog.Catalog:
    """The catalog of a fresh database at a revision."""
    with scratch_databases(server) as (target,):
        commands.upgrade(project.settings, target, revision)
        return pictured(target)


def pictured(target: Target) -> catalog.Catalog:
    with connect(target) as connection:
        read = catalog.read(connection, ["public"])
    return read.without([("table", "alembic_version")])


def test_a_fresh_database_gets_the_same_schema_from_the_baseline(
    three: Project, server: Target
) -> None:
    before = [picture(three, server, revision) for revision in (B, "heads")]
    done = squash(three.settings, B)
    assert (done.replaces, done.differences) == ((A,), ())
    assert [picture(three, server, revision) for revision in (B, "heads")] == before


def test_the_baseline_has_the_identifier_of_the_last_and_no_parent(three: Project) -> None:
    squash(three.settings, B)
    assert [(e.revision, e.parents) for e in listing(three.settings)] == [(B, ()), (C, (B,))]


def test_the_old_files_are_moved_beside_as_they_were(three: Project) -> None:
    before = {path.name: path.read_bytes() for path in three.versions.glob("*.py")}
    done = squash(three.settings, B)
    assert names(three) == [f"{B}_baseline.py", f"{C}_change.py"]
    moved = {path.name: path.read_bytes() for path in done.archive.glob("*.py")}
    assert moved == {name: before[name] for name in (f"{A}_change.py", f"{B}_change.py")}


def test_without_a_revision_everything_up_to_the_head_goes(three: Project) -> None:
    assert squash(three.settings).revision == C
    assert names(three) == [f"{C}_baseline.py"]


@pytest.mark.parametrize("at", [B, C])
def test_a_database_at_the_baseline_or_later_just_goes_on(
    three: Project, database: Target, at: str
) -> None:
    commands.upgrade(three.settings, database, at)
    squash(three.settings, B)
    done = commands.upgrade(three.settings, database)
    assert done.after == (C,)
    assert drift(three.settings, database).changes == ()


def test_a_database_before_the_baseline_is_refused(three: Project, database: Target) -> None:
    commands.upgrade(three.settings, database, A)
    squash(three.settings, B)
    squashed = f"{A}, which was squashed into the baseline {B}"
    with pytest.raises(HistoryConflict, match=squashed) as refusal:
        commands.upgrade(three.settings, database)
    assert f"run invoke db.upgrade {B} there" in refusal.value.next_step
    with pytest.raises(HistoryConflict, match=f"squashed into the baseline {B}"):
        drift(three.settings, database)


def test_undoing_the_baseline_leaves_nothing(three: Project, database: Target) -> None:
    before = pictured(database)
    squash(three.settings, B)
    commands.upgrade(three.settings, database)
    commands.downgrade(three.settings, database, "base")
    assert catalog.diff(before, pictured(database)) == []


def test_it_can_be_squashed_again(three: Project, server: Target) -> None:
    before = picture(three, server)
    squash(three.settings, B)
    done = squash(three.settings)
    assert (done.replaces, done.data) == ((A, B), ())
    assert names(three, "versions_squashed") == [
        f"{A}_change.py", f"{B}_baseline.py", f"{B}_change.py", f"{C}_change.py",
    ]  # fmt: skip
    assert picture(three, server) == before


def test_branches_that_are_joined_before_it_become_one(three: Project, server: Target) -> None:
    three.revision(D, "op.execute('CREATE TABLE d (n int)')", "op.drop_table('d')", parent=A)
    three.revision("202401010004", parent=(C, D))
    before = picture(three, server)
    assert set(squash(three.settings).replaces) == {A, B, C, D}
    assert names(three) == ["202401010004_baseline.py"]
    assert picture(three, server) == before


def test_a_branch_that_goes_on_from_the_middle_is_named(three: Project) -> None:
    three.revision(D, parent=A)
    before = everything(three)
    with pytest.raises(HistoryConflict, match=f"{D} goes on from {A}") as refusal:
        squash(three.settings, C)
    assert f"Squash up to {A} or before it" in refusal.value.next_step
    assert everything(three) == before


def test_several_heads_need_a_revision(three: Project) -> None:
    three.revision(D, parent=B)
    with pytest.raises(HistoryConflict, match="2 heads"):
        squash(three.settings)
    assert squash(three.settings, B).path is not None


def test_one_revision_alone_is_nothing_to_squash(three: Project) -> None:
    with pytest.raises(UsageError, match=f"no revision comes before {A}"):
        squash(three.settings, A)


def test_an_unknown_revision_is_refused(three: Project) -> None:
    with pytest.raises(HistoryConflict, match="no revision 'nope'"):
        squash(three.settings, "nope")


def test_a_check_changes_nothing(three: Project) -> None:
    before = everything(three)
    done = squash(three.settings, check=True)
    assert (done.path, done.differences) == (None, ())
    assert everything(three) == before


def seeded(project: Project) -> Squashed:
    project.revision(D, "op.execute('INSERT INTO b VALUES (1), (2)')", parent=C, subject="seed")
    project.revision("202401010004", "op.execute('UPDATE b SET n = n + 9')", parent=D)
    return squash(project.settings)


def test_revisions_that_write_data_have_to_be_confirmed(three: Project) -> None:
    done = seeded(three)
    assert done.path is None
    assert [(d.revision, d.tables) for d in done.data] == [(D, ("b",)), ("202401010004", ())]
    assert done.data[0].lines == ("8: INSERT INTO b VALUES (1), (2)",)
    assert done.lost == {"b": 2}
    assert len(names(three)) == 5
    assert squash(three.settings, confirmed=True).path is not None


def test_data_that_only_a_run_shows_has_to_be_confirmed(three: Project) -> None:
    write = "op.execute(' '.join(['INSERT', 'INTO', 'b', 'VALUES', '(1)']))"
    three.revision(D, write, parent=C)
    done = squash(three.settings)
    assert [(d.lines, d.tables) for d in done.data] == [((), ("b",))]
    assert done.path is None


HARD = [
    "CREATE TYPE mood AS ENUM ('so:so', 'it''s \"ok\"', '100%')",
    'CREATE TABLE "T :x" (id serial PRIMARY KEY, m mood DEFAULT \'so:so\', "a b" text[],'
    " CHECK (id % 2 = 0), EXCLUDE (id WITH =))",
    "CREATE FUNCTION f(n int) RETURNS int LANGUAGE plpgsql AS $$\nDECLARE x int := 1;\nBEGIN\n"
    '  PERFORM 1 FROM "T :x";\r\n  -- it\'s :a ::b 100% \\n """ {}\n\n\n  RETURN x; \nEND\n$$',
    "CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    'CREATE TRIGGER t BEFORE INSERT ON "T :x" FOR EACH ROW EXECUTE FUNCTION g()',
    "CREATE VIEW v AS SELECT id, m::text || ':smile:' AS s FROM \"T :x\"",
    "CREATE MATERIALIZED VIEW w AS SELECT s, f(id) FROM v",
    "CREATE INDEX i ON w (s) WHERE s LIKE '%:y'",
    "CREATE TABLE p (n int, at date, PRIMARY KEY (n, at)) PARTITION BY RANGE (at)",
    "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2024-01-01') TO (MAXVALUE)",
    "CREATE DOMAIN d AS text COLLATE \"C\" CHECK (value <> '')",
    "CREATE SCHEMA other; CREATE TABLE other.t (x text)",
    "COMMENT ON TABLE p IS 'two\nlines; :one \\\\ 100%'",
    "ALTER TABLE p ENABLE ROW LEVEL SECURITY; CREATE POLICY o ON p USING (n > 0)",
    "REVOKE ALL ON FUNCTION f(int) FROM PUBLIC; GRANT SELECT ON p TO PUBLIC",
    "CREATE SEQUENCE q OWNED BY p.n",
]


@pytest.fixture
def hard(bare_project: Project) -> Project:
    """A history of everything that is hard to write down."""
    bare_project.revision(A)
    statements = (statement.replace("%", "%%") for statement in HARD)
    calls = "\n".join(f"op.execute(sa.DDL({statement!r}))" for statement in statements)
    bare_project.revision(B, calls, parent=A)
    return bare_project


def test_what_is_hard_to_write_down_comes_out_the_same(hard: Project, server: Target) -> None:
    before = picture(hard, server)
    done = squash(hard.settings)
    assert done.differences == ()
    assert done.path is not None
    assert picture(hard, server) == before


def test_the_baseline_can_be_printed_as_sql(hard: Project, database: Target) -> None:
    squash(hard.settings)
    printed = io.StringIO()
    commands.offline_sql(hard.settings, "head", output=printed)
    with connect(database) as connection:
        connection.execute(printed.getvalue().encode())
    assert drift(hard.settings, database).changes == ()


def test_the_baseline_runs_in_a_schema_of_any_name(three: Project, database: Target) -> None:
    squash(three.settings)
    commands.upgrade(three.settings, database.with_schema("else"))
    assert drift(three.settings, database, schema="else").changes == ()
    assert "public" not in (three.versions / f"{C}_baseline.py").read_text()


def test_a_filled_view_is_filled_by_the_baseline(
    three: Project, database: Target, query: Query
) -> None:
    three.revision(D, "op.execute('CREATE MATERIALIZED VIEW w AS SELECT 7 AS n')", parent=C)
    squash(three.settings)
    commands.upgrade(three.settings, database)
    assert query("SELECT n FROM w") == [(7,)]


def test_a_history_that_names_public_itself_is_squashed_with_the_name(
    three: Project, server: Target
) -> None:
    three.revision(
        D, "op.execute('ALTER TABLE public.a ADD k int')", "op.drop_column('a', 'k')", parent=C
    )
    before = picture(three, server)
    assert squash(three.settings).path is not None
    assert picture(three, server) == before


def test_a_history_that_looks_for_public_itself_is_squashed_as_it_is_there(
    three: Project, server: Target
) -> None:
    looks = "if op.get_bind().scalar(sa.text(\"SELECT to_regclass('public.a')\")):"
    three.revision(D, f"{looks}\n    op.execute('CREATE TABLE seen (n int)')", parent=C)
    before = picture(three, server)
    assert ("table", "seen") in before
    assert squash(three.settings, confirmed=True).path is not None
    assert picture(three, server) == before


def test_what_the_schemas_name_is_part_of_is_kept(three: Project, server: Target) -> None:
    function = "CREATE FUNCTION f() RETURNS int LANGUAGE sql SET search_path FROM CURRENT"
    three.revision(D, f"op.execute(\"{function} AS 'SELECT 1'\")", parent=C)
    before = picture(three, server)
    assert squash(three.settings).path is not None
    assert picture(three, server) == before


def test_a_statement_that_cannot_do_without_the_schemas_name_is_refused() -> None:
    entry = "--\n-- Name: f(); Type: FUNCTION; Schema: s1; Owner: -\n--\n\n"
    text = "CREATE FUNCTION s1.f() RETURNS int\n    SET search_path TO 's1'\n    AS 'SELECT 1';\n"
    with pytest.raises(HistoryConflict, match=r"function f\(\) holds the name of the schema"):
        statements(f"SET x;\n{entry}{text}", "s1")


def test_a_later_revision_that_needs_the_lost_data_stops_it(three: Project) -> None:
    three.revision(D, "op.execute('INSERT INTO b VALUES (1)')", parent=C)
    three.revision("202401010004", "op.execute('SELECT 1 / count(*) FROM b')", parent=D)
    before = everything(three)
    with pytest.raises(HistoryConflict, match=r"a later revision fails: .* division by zero"):
        squash(three.settings, D, confirmed=True)
    assert everything(three) == before


def test_what_the_baseline_cannot_give_is_told_and_nothing_moved(three: Project) -> None:
    grant = "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO PUBLIC"
    three.revision(D, f"op.execute('{grant}')", parent=C)
    before = everything(three)
    done = three.run("invoke", "db.squash")
    assert done.returncode == 1, done
    assert "after undoing the baseline: default privileges" in done.stdout
    assert everything(three) == before


def test_a_history_that_does_not_run_is_told_and_nothing_moved(three: Project) -> None:
    three.revision(D, "op.execute('SELECT 1/0')", parent=C)
    before = everything(three)
    with pytest.raises(HistoryConflict, match=r"does not run up to .* division by zero"):
        squash(three.settings)
    assert everything(three) == before


def test_an_archive_that_has_the_file_already_is_not_written_over(three: Project) -> None:
    archived = three.versions.with_name("versions_squashed") / f"{B}_change.py"
    archived.parent.mkdir()
    archived.write_text("mine")
    before = everything(three)
    with pytest.raises(SettingsError, match="is there already"):
        squash(three.settings)
    assert everything(three) == before


def test_folders_below_the_versions_are_kept_below_the_archive(three: Project) -> None:
    ini = three.root / "alembic.ini"
    ini.write_text(ini.read_text() + "recursive_version_locations = true\n")
    (three.versions / "2024").mkdir()
    (three.versions / f"{A}_change.py").rename(three.versions / "2024" / f"{A}_change.py")
    done = squash(three.settings)
    assert (done.archive / "2024" / f"{A}_change.py").exists()
    assert [entry.revision for entry in listing(three.settings)] == [C]


def test_labels_of_branches_stay(three: Project) -> None:
    first = three.versions / f"{A}_change.py"
    first.write_text(first.read_text() + "branch_labels = ('main',)\n")
    squash(three.settings, B)
    done = three.run("alembic", "heads")
    assert done.stdout.strip() == f"{C} (main) (head)"


def test_the_task_tells_what_was_done_as_a_document(three: Project) -> None:
    done = three.run("invoke", "db.squash", "--to", B, "--json")
    assert done.returncode == 0, done
    told = json.loads(done.stdout)
    assert told["revision"] == B
    assert told["path"].endswith(f"versions/{B}_baseline.py")
    assert told["replaces"] == [A]


def test_the_task_lists_what_has_to_be_confirmed(three: Project) -> None:
    three.revision(D, "op.execute('INSERT INTO b VALUES (1)')", parent=C, subject="seed b")
    done = three.run("invoke", "db.squash")
    assert done.returncode == 1, done
    assert f"{D}  seed b" in done.stdout
    assert "line 8: INSERT INTO b" in done.stdout
    assert "A fresh database will not have 1 row of b." in done.stdout
    assert "--yes" in done.stderr


@pytest.mark.parametrize(
    "line",
    [
        "op.execute('INSERT INTO t VALUES (1)')",
        'op.execute("""-- why\n  update only t as x set n = 1""")',
        "op.execute('ALTER TABLE t ADD n int; DELETE FROM t')",
        "op.execute(f'UPDATE {name} SET n = 1')",
        "op.execute('DO $$ BEGIN PERFORM 1; END $$')",
        "op.execute('WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x')",
        "op.execute(\"SELECT setval('s', 5)\")",
        "op.bulk_insert(t, rows)",
        "op.execute(t.insert().values(n=1))",
        "op.get_bind().execute(sa.update(t).values(n=1))",
        "op.execute(delete(t))",
    ],
)
def test_a_line_that_writes_rows_is_seen(line: str) -> None:
    source = f"def upgrade():\n    {line}\n"
    assert [statement.line for statement in data_statements(source)] == [2]


@pytest.mark.parametrize(
    "line",
    [
        "op.execute('CREATE FUNCTION f() RETURNS int AS $$ BEGIN; INSERT INTO t; END $$')",
        "op.execute(\"COMMENT ON TABLE t IS 'x; DELETE FROM t'\")",
        "op.execute('CREATE TRIGGER g AFTER UPDATE OF n ON t EXECUTE FUNCTION f()')",
        "op.execute('SELECT 1')",
        "'''INSERT INTO t is what this does not do.'''",
        "names.update(more); items.insert(0, name)",
        "op.create_table('t', sa.Column('update', sa.Text))",
    ],
)
def test_a_line_that_writes_no_rows_is_passed_over(line: str) -> None:
    down = "def downgrade():\n    op.execute('DELETE FROM t')\n"
    assert data_statements(f"def upgrade():\n    {line}\n{down}") == ()
