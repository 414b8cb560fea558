"""What the rules on locks, scans and rewrites stand on, with facts made by hand."""

from __future__ import annotations

import pytest

from pgrevise.rehearsal.facts import IndexBuild, Lock, Passage, Relation, Rewrite, Scan, Statement
from pgrevise.rehearsal.modes import Mode
from pgrevise.rehearsal.rules.evidence import altered, bare, listed, moments_of, plain, says

JOBS = Relation("jobs")
INDEX = Relation("ix_jobs_state", "index", "jobs")


def lock(mode: Mode, relation: Relation = JOBS) -> Lock:
    return Lock(relation, mode, 0.0, 1.0)


def passage(*statements: Statement) -> Passage:
    return Passage("upgrade", statements=statements)


def one(statement: Statement) -> list[str]:
    (moment,) = moments_of(passage(statement))
    return [scan.relation.name for scan in moment.proving]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("alter  table jobs\n add x int", ("ALTER TABLE JOBS ADD X INT",)),
        ("-- CHECK (\nSELECT 1; SELECT 2;", ("SELECT 1", "SELECT 2")),
        ("SELECT 'DROP TABLE x; --'", ("SELECT ''",)),
        (r"SELECT E'it\'s; DROP', 1", ("SELECT '', 1",)),
        ('DROP TABLE "check ("', ('DROP TABLE ""',)),
        ("CREATE FUNCTION f() AS $x$ TRUNCATE a; $x$", ("CREATE FUNCTION F() AS ''",)),
        ("DO $$ BEGIN TRUNCATE jobs; END $$", ("DO", "TRUNCATE JOBS", "END")),
    ],
)
def test_a_text_is_read_without_what_is_quoted(text: str, parts: tuple[str, ...]) -> None:
    assert plain(text) == parts


def test_any_statement_of_a_text_may_say_it() -> None:
    assert says("SET x = 1; DROP INDEX y", "DROP INDEX")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ALTER TABLE IF EXISTS ONLY public.jobs ADD x int", "jobs"),
        ('/* a */ ALTER TABLE "Jobs" ADD x int', "Jobs"),
        ("CREATE TABLE IF NOT EXISTS audit.log (id int)", "log"),
        ("DROP TABLE jobs", ""),
    ],
)
def test_the_table_that_is_changed_is_known_by_its_bare_name(text: str, name: str) -> None:
    assert altered(text) == name


def test_a_name_loses_its_schema_and_its_quotes() -> None:
    assert [bare("audit.log"), bare('"A.b"."C""d"')] == ["log", 'C"d']


def test_many_names_are_cut() -> None:
    assert listed(["a", "b", "a"]) == "a and b"
    assert listed(list("abcdef")) == "a, b, c, d and 2 more"


def test_a_scan_that_builds_an_index_proves_nothing() -> None:
    built = Statement(1, "", scans=(Scan(JOBS),), builds=(IndexBuild(INDEX),))
    assert one(built) == []


def test_a_scan_beside_one_that_builds_an_index_proves_something() -> None:
    built = Statement(1, "", scans=(Scan(JOBS, 2),), builds=(IndexBuild(INDEX),))
    assert one(built) == ["jobs"]


def test_an_index_told_as_rewritten_and_as_built_explains_one_scan() -> None:
    rebuilt = Statement(
        1,
        "",
        scans=(Scan(JOBS, 2),),
        builds=(IndexBuild(INDEX, was_there=True),),
        rewrites=(Rewrite(INDEX),),
    )
    assert one(rebuilt) == ["jobs"]


def test_scans_of_a_rewritten_table_prove_nothing() -> None:
    assert one(Statement(1, "", scans=(Scan(JOBS, 5),), rewrites=(Rewrite(JOBS),))) == []


def test_a_lock_is_held_by_what_comes_later_in_its_transaction() -> None:
    first = Statement(1, "", line=3, transaction=1, locks=(lock("ACCESS EXCLUSIVE"),))
    held = [dict(moment.held) for moment in moments_of(passage(first, Statement(2, "")))]
    assert held == [{}, {}]
    later = Statement(2, "", transaction=1)
    *_, last = moments_of(passage(first, later))
    assert last.held["jobs"].statement.line == 3


def test_the_strongest_lock_of_a_transaction_counts() -> None:
    weak = Statement(1, "", transaction=1, locks=(lock("ROW EXCLUSIVE"),))
    strong = Statement(2, "", transaction=1, locks=(lock("SHARE"),))
    *_, last = moments_of(passage(weak, strong, weak, Statement(4, "", transaction=1)))
    assert last.mode_on("jobs") == "SHARE"


def test_statements_that_are_not_the_revisions_own_are_passed_over() -> None:
    stamp = Statement(2, "UPDATE alembic_version", is_foreign=True, transaction=1)
    (moment,) = moments_of(passage(Statement(1, "", transaction=1), stamp))
    assert moment.following == 0


def test_a_lock_on_an_index_stops_no_table() -> None:
    dropped = Statement(1, "DROP INDEX", locks=(lock("ACCESS EXCLUSIVE", INDEX),))
    (moment,) = moments_of(passage(dropped))
    assert moment.blocking == ()
