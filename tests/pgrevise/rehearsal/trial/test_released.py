"""Released code on the new schema: what breaks and what does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgrevise.postgres.connect import connect
from pgrevise.postgres.target import Target
from tests.pgrevise.rehearsal.trial.released_project import JOBS, ReleasedProject, made


@pytest.fixture
def project(tmp_path: Path, database: Target) -> ReleasedProject:
    return made(tmp_path / "it's a project", database)


def test_an_upgrade_that_only_adds_breaks_nothing(project: ReleasedProject) -> None:
    found = project.upgraded("ALTER TABLE jobs ADD COLUMN priority int; CREATE TABLE other ()")
    assert (found.classes, found.operations, found.broken, found.untried) == (1, 4, (), ())
    assert (found.reference, found.commit) == ("HEAD", project.git("rev-parse", "HEAD"))


def test_a_dropped_column_breaks_all_that_names_it(project: ReleasedProject) -> None:
    found = project.upgraded("ALTER TABLE jobs DROP COLUMN name")
    assert [one.operation for one in found.broken] == ["select", "insert", "update"]
    first = found.broken[0]
    assert (first.mapped, first.table, first.sqlstate) == ("models.Job", "jobs", "42703")
    assert first.error == "column jobs.name does not exist"


def test_a_new_required_column_breaks_the_insert(project: ReleasedProject) -> None:
    sql = "ALTER TABLE jobs ADD COLUMN owner text NOT NULL DEFAULT ''"
    assert project.broken(f"{sql}; ALTER TABLE jobs ALTER COLUMN owner DROP DEFAULT") == [
        ("Job", "insert")
    ]


def test_a_new_required_column_with_a_default_breaks_nothing(project: ReleasedProject) -> None:
    assert project.broken("ALTER TABLE jobs ADD COLUMN owner text NOT NULL DEFAULT ''") == []


def test_a_default_that_goes_breaks_the_insert_that_left_it_to_the_server(
    project: ReleasedProject,
) -> None:
    assert project.broken("ALTER TABLE jobs ALTER COLUMN retries DROP DEFAULT") == [
        ("Job", "insert")
    ]


def test_a_renamed_table_breaks_everything(project: ReleasedProject) -> None:
    broken = project.broken("ALTER TABLE jobs RENAME TO work")
    assert [operation for _, operation in broken] == ["select", "insert", "update", "delete"]


def test_a_narrower_column_breaks_values_that_were_shortened(project: ReleasedProject) -> None:
    sql = "ALTER TABLE jobs ALTER COLUMN name TYPE varchar(3) USING left(name, 3)"
    assert project.broken(sql) == [("Job", "insert"), ("Job", "update")]


def test_a_check_that_old_rows_violate_breaks_their_update(project: ReleasedProject) -> None:
    assert project.broken("ALTER TABLE jobs ADD CHECK (retries > 2) NOT VALID") == [
        ("Job", "insert"),
        ("Job", "update"),
    ]


def test_a_new_table_that_refers_to_rows_breaks_their_deletion(project: ReleasedProject) -> None:
    sql = "CREATE TABLE runs AS SELECT id AS job FROM jobs"
    assert project.broken(f"{sql}; ALTER TABLE runs ADD FOREIGN KEY (job) REFERENCES jobs") == [
        ("Job", "delete")
    ]


def test_a_deferred_constraint_is_checked(project: ReleasedProject) -> None:
    sql = """
    CREATE TABLE owners (id int PRIMARY KEY); INSERT INTO owners VALUES (1), (2), (3);
    ALTER TABLE jobs ADD FOREIGN KEY (retries) REFERENCES owners DEFERRABLE INITIALLY DEFERRED
    """
    assert project.broken(sql) == [("Job", "insert")]


def test_an_enum_without_one_of_its_values_breaks_what_writes_it(project: ReleasedProject) -> None:
    project.models(
        """
        class Job(Base):
            __tablename__ = "jobs"
            id: Mapped[int] = mapped_column(primary_key=True)
            state: Mapped[str] = mapped_column(ENUM("new", "old", name="state"))
        """
    )
    parent = """
    CREATE TYPE state AS ENUM ('new', 'old');
    CREATE TABLE jobs (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, state state NOT NULL);
    INSERT INTO jobs (state) VALUES ('new'), ('old')
    """
    sql = """
    ALTER TYPE state RENAME TO before; CREATE TYPE state AS ENUM ('new');
    ALTER TABLE jobs ALTER COLUMN state TYPE state USING 'new'
    """
    assert project.broken(sql, parent) == [("Job", "insert"), ("Job", "update")]


def test_a_value_that_the_code_does_not_know_breaks_its_select(project: ReleasedProject) -> None:
    project.models(
        """
        class Job(Base):
            __tablename__ = "jobs"
            id: Mapped[int] = mapped_column(primary_key=True)
            state: Mapped[str] = mapped_column(Enum("new", "old", native_enum=False))
        """
    )
    parent = (
        "CREATE TABLE jobs (id int PRIMARY KEY, state text); INSERT INTO jobs VALUES (1, 'new')"
    )
    found = project.upgraded("UPDATE jobs SET state = 'archived'", parent)
    assert [one.operation for one in found.broken] == ["select"]
    assert "'archived' is not among the defined enum values" in found.broken[0].error


def test_expanding_breaks_nothing_and_contracting_breaks_what_is_left(
    project: ReleasedProject,
) -> None:
    expand = """
    ALTER TABLE jobs ADD COLUMN title text;
    CREATE FUNCTION follow() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN NEW.title := NEW.name; RETURN NEW; END $$;
    CREATE TRIGGER follow BEFORE INSERT OR UPDATE ON jobs
    FOR EACH ROW EXECUTE FUNCTION follow()
    """
    assert project.broken(expand) == []
    contract = "DROP TRIGGER follow ON jobs; ALTER TABLE jobs DROP COLUMN name"
    assert len(project.broken(contract, "SELECT 1")) == 3


def test_a_row_that_refers_to_what_the_upgrade_changed_is_tried_as_it_is_now(
    project: ReleasedProject,
) -> None:
    parent = f"""
    {JOBS}; CREATE TABLE owners (id int PRIMARY KEY); INSERT INTO owners VALUES (1), (2), (3);
    ALTER TABLE jobs ADD FOREIGN KEY (retries) REFERENCES owners
    """
    assert (
        project.broken("UPDATE jobs SET retries = 1; DELETE FROM owners WHERE id > 1", parent) == []
    )


def test_rows_that_are_gone_after_the_upgrade_are_told(project: ReleasedProject) -> None:
    found = project.upgraded("DELETE FROM jobs")
    assert found.broken == ()
    assert found.untried == (
        "models.Job: insert, update and delete could not be tried after the upgrade: "
        "its rows are not there any more.",
    )


def test_what_fails_at_the_parent_already_is_untried(project: ReleasedProject) -> None:
    refuse = """
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'jobs are for ever'; END $$;
    CREATE TRIGGER refuse BEFORE DELETE ON jobs FOR EACH ROW EXECUTE FUNCTION refuse()
    """
    found = project.upgraded("ALTER TABLE jobs ADD COLUMN x int", f"{JOBS}; {refuse}")
    assert (found.operations, found.broken) == (3, ())
    assert found.untried == (
        "models.Job: delete could not be tried at the parent already: jobs are for ever.",
    )


def test_a_class_without_a_table_is_untried(project: ReleasedProject) -> None:
    found = project.upgraded("SELECT 1", "SELECT 1")
    assert found.classes == 0
    assert found.untried == (
        "models.Job: select could not be tried at the parent already: "
        "there is no table jobs at the parent.",
    )


def test_a_table_without_rows_is_only_read(project: ReleasedProject) -> None:
    found = project.upgraded("SELECT 1", f"{JOBS}; DELETE FROM jobs")
    assert (found.operations, found.untried) == (
        1,
        (
            "models.Job: insert, update and delete could not be tried at the parent already: "
            "there is no row to try with.",
        ),
    )


def test_a_row_that_python_cannot_read_does_not_stand_in_the_way_of_others(
    project: ReleasedProject,
) -> None:
    project.models(
        """
        class Job(Base):
            __tablename__ = "jobs"
            id: Mapped[int] = mapped_column(primary_key=True)
            at = mapped_column(DateTime)
        """
    )
    parent = """
    CREATE TABLE jobs (id int PRIMARY KEY, at timestamp);
    INSERT INTO jobs VALUES (1, 'infinity'), (2, '2026-01-01')
    """
    found = project.upgraded("ALTER TABLE jobs RENAME at TO started", parent)
    assert (found.untried, len(found.broken)) == ((), 3)


def test_rows_that_others_refer_to_are_inserted_and_deleted_as_well(
    project: ReleasedProject,
) -> None:
    parent = f"""
    {JOBS}; ALTER TABLE jobs ADD COLUMN parent int REFERENCES jobs;
    UPDATE jobs SET parent = id; CREATE TABLE runs AS SELECT id AS job FROM jobs;
    ALTER TABLE runs ADD FOREIGN KEY (job) REFERENCES jobs
    """
    found = project.upgraded("ALTER TABLE jobs ADD COLUMN x int", parent)
    assert (found.operations, found.broken, found.untried) == (4, (), ())


def test_a_sequence_that_is_behind_its_rows_breaks_nothing(project: ReleasedProject) -> None:
    found = project.upgraded("SELECT 1", f"{JOBS}; SELECT setval('jobs_id_seq', 1, false)")
    assert (found.operations, found.broken, found.untried) == (4, (), ())


def test_the_rows_are_as_they_were(project: ReleasedProject) -> None:
    project.upgraded("ALTER TABLE jobs ADD COLUMN x int")
    with connect(project.database) as connection:
        rows = connection.execute("SELECT id, name, retries FROM jobs ORDER BY id").fetchall()
    assert rows == [(number, f"job {number}", number) for number in (1, 2, 3)]


MANY = """
class Animal(Base):
    __tablename__ = "animals"
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "animal"}
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    kind: Mapped[str]
    size: Mapped[int | None]
    twice: Mapped[int] = mapped_column(Computed("size * 2"))

class Cat(Animal):
    __mapper_args__ = {"polymorphic_identity": "cat"}
    lives: Mapped[int | None] = mapped_column(use_existing_column=True)

class Dog(Animal):
    __tablename__ = "dogs"
    __mapper_args__ = {"polymorphic_identity": "dog"}
    id: Mapped[int] = mapped_column(ForeignKey("animals.id"), primary_key=True)
    tricks = deferred(mapped_column(JSONB))

class Visit(Base):
    __tablename__ = "visits"
    __table_args__ = {"schema": "clinic"}
    animal: Mapped[int] = mapped_column(ForeignKey("animals.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column()
    again = synonym("number")
    __mapper_args__ = {"version_id_col": version}

Animal.visits = column_property(
    select(func.count()).where(Visit.animal == Animal.id).correlate_except(Visit).scalar_subquery()
)

class Summary(Base):
    __table__ = Table("summary", Base.metadata, Column("id", Integer, primary_key=True))

class Counted(Base):
    __table__ = select(Visit.animal, func.count().label("n")).group_by(Visit.animal).subquery()
    __mapper_args__ = {"primary_key": [__table__.c.animal]}

link = Table("links", Base.metadata, Column("one", ForeignKey("animals.id")),
             Column("two", ForeignKey("animals.id")))
"""
MANY_TABLES = """
CREATE TABLE animals (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, kind text NOT NULL,
    size int, lives int, twice int GENERATED ALWAYS AS (size * 2) STORED);
INSERT INTO animals (kind, size, lives) VALUES ('animal', 1, NULL), ('cat', 2, 9), ('dog', 3, 1);
CREATE TABLE dogs (id int PRIMARY KEY REFERENCES animals, tricks jsonb);
INSERT INTO dogs VALUES (3, NULL);
CREATE SCHEMA clinic;
CREATE TABLE clinic.visits (animal int REFERENCES animals, number int, version int NOT NULL,
    PRIMARY KEY (animal, number));
INSERT INTO clinic.visits VALUES (1, 1, 1), (1, 2, 1);
CREATE VIEW summary AS SELECT id FROM animals;
CREATE TABLE links (one int REFERENCES animals, two int REFERENCES animals);
INSERT INTO links VALUES (1, 2)
"""


@pytest.fixture
def many(project: ReleasedProject) -> ReleasedProject:
    project.models(MANY)
    project.tables = ("animals", "dogs", "clinic.visits", "summary", "links")
    return project


def test_every_kind_of_class_can_be_tried(many: ReleasedProject) -> None:
    found = many.upgraded("SELECT 1", MANY_TABLES)
    assert (found.error, found.untried, found.broken) == ("", (), ())
    # A view and a query are only read.
    assert (found.classes, found.operations) == (7, 5 * 4 + 2)


def test_each_class_is_told_that_breaks(many: ReleasedProject) -> None:
    broken = many.broken("ALTER TABLE animals DROP COLUMN lives", MANY_TABLES)
    assert broken == [("Cat", "select"), ("Cat", "insert"), ("Cat", "update")]


def test_a_deferred_column_that_is_gone_breaks_the_class(many: ReleasedProject) -> None:
    assert ("Dog", "select") in many.broken("ALTER TABLE dogs DROP COLUMN tricks", MANY_TABLES)


def test_classes_of_other_tables_are_only_read(many: ReleasedProject) -> None:
    many.tables = ("dogs",)
    found = many.upgraded("DROP TABLE links", MANY_TABLES)
    assert found.operations == 7 + 3
    assert [(one.mapped, one.operation) for one in found.broken] == [
        ("metadata.tables['links']", "select")
    ]


def test_several_revisions_are_tried_with_one_process(project: ReleasedProject) -> None:
    project.execute(JOBS)
    with project.opened() as code:
        for sql, broken in (("ADD COLUMN x int", 0), ("DROP COLUMN name", 3)):
            code.parent(project.database, project.tables)
            project.execute(f"ALTER TABLE jobs {sql}")
            assert len(code.upgraded(project.database, project.tables).broken) == broken
