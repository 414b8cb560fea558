"""What the rules on transactions, locks and indexes say of facts that are hard to bring about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pgrevise.catalog import Catalog, Entry
from pgrevise.catalog.model import state
from pgrevise.rehearsal.facts import Lock, Observed, Passage, Relation, Revision, Scan, Statement
from pgrevise.rehearsal.facts import Transaction as Span
from pgrevise.rehearsal.modes import Mode
from pgrevise.rehearsal.rules import indexes, locks, transactions
from pgrevise.rehearsal.rules.registry import Hit, judge

JOBS = Relation("jobs")
QUEUES = Relation("queues")
NOTHING = Passage("downgrade")


def lock(relation: Relation, mode: Mode = "ACCESS EXCLUSIVE") -> Lock:
    return Lock(relation, mode, 0.0, 1.0)


def statement(number: int, sql: str, *locks: Lock, **facts: object) -> Statement:
    made = Statement(number, sql, line=number, transaction=1, locks=locks, lock_timeout=2.0)
    return replace(made, **facts)  # type: ignore[arg-type] # facts of any field


def catalog(*entries: Entry) -> Catalog:
    return Catalog(entries, 17, ("public",))


def observed(*statements: Statement, span: Span | None = None) -> Observed:
    return Observed(
        Revision("202601010001", "a change", "a.py"),
        before=catalog(),
        upgrade=Passage(
            "upgrade", statements=statements, transactions=(span or Span(1, 1, 0.0, 9.0),)
        ),
        downgrade=NOTHING,
        second_upgrade=Passage("second_upgrade"),
    )


def lines(hits: Iterator[Hit]) -> list[int]:
    return [hit.line for hit in hits]


ALTER = statement(1, "ALTER TABLE jobs ADD x int", lock(JOBS))


def test_time_between_statements_counts_while_a_lock_is_held() -> None:
    later = statement(2, "SELECT 1", began=0.7)
    seen = observed(ALTER, later, span=Span(1, 1, 0.0, 0.7))
    (hit,) = transactions.lock_held_during_python(seen)
    assert (hit.line, hit.relation) == (1, "jobs")
    assert "0.7 s" in hit.sentence


def test_time_before_the_first_lock_does_not_count() -> None:
    late = replace(ALTER, number=2, line=2, began=5.0)
    seen = observed(statement(1, "SELECT 1"), late, span=Span(1, 1, 0.0, 5.1))
    assert lines(transactions.lock_held_during_python(seen)) == []


def test_time_until_the_commit_counts() -> None:
    seen = observed(ALTER, span=Span(1, 1, 0.0, 0.9))
    assert lines(transactions.lock_held_during_python(seen)) == [1]


def test_a_statement_that_takes_long_is_not_python() -> None:
    seen = observed(replace(ALTER, seconds=3.0), span=Span(1, 1, 0.0, 3.0))
    assert lines(transactions.lock_held_during_python(seen)) == []


def test_reading_a_whole_table_under_a_lock_is_data_too() -> None:
    read = statement(2, "SELECT count(*) FROM queues", scans=(Scan(QUEUES),))
    assert lines(transactions.lock_held_during_data(observed(ALTER, read))) == [2]


def test_a_lock_that_lets_writes_pass_holds_up_nobody() -> None:
    gentle = statement(1, "ALTER TABLE", lock(JOBS, "SHARE UPDATE EXCLUSIVE"))
    read = statement(2, "UPDATE queues", scans=(Scan(QUEUES),))
    assert lines(transactions.lock_held_during_data(observed(gentle, read))) == []


def test_a_batch_is_no_backfill_in_one_statement() -> None:
    update = "UPDATE jobs SET x = 1 WHERE id IN (SELECT id FROM jobs LIMIT 10)"
    batch = statement(1, update, lock(JOBS, "ROW EXCLUSIVE"), scans=(Scan(JOBS),))
    assert lines(transactions.backfill_in_one_statement(observed(batch))) == []


def test_the_version_table_is_nobodys_business() -> None:
    stamp = statement(
        1,
        "UPDATE alembic_version SET version_num = '2'",
        lock(Relation("alembic_version"), "ROW EXCLUSIVE"),
        scans=(Scan(Relation("alembic_version")),),
        is_foreign=True,
    )
    assert judge(replace(observed(stamp))) == [
        finding for finding in judge(observed()) if finding.relation != "alembic_version"
    ]


def test_a_session_setting_outside_the_transaction_mixes_nothing() -> None:
    outside = statement(2, "SET statement_timeout = 0", transaction=None)
    assert lines(transactions.mixes_concurrent_and_transactional(observed(ALTER, outside))) == []


def test_two_statements_outside_a_transaction_mix_nothing() -> None:
    one = statement(1, "CREATE INDEX CONCURRENTLY a ON jobs (x)", transaction=None)
    seen = observed(one, replace(one, number=2))
    assert lines(transactions.mixes_concurrent_and_transactional(seen)) == []


def test_a_rollback_to_a_savepoint_ends_nothing() -> None:
    back = statement(1, "ROLLBACK TO SAVEPOINT a")
    seen = observed(back, span=Span(1, 1, 0.0, 1.0, by_statement=True))
    assert lines(transactions.commits_by_itself(seen)) == []


def test_no_lock_timeout_is_told_once() -> None:
    bare = replace(ALTER, lock_timeout=0.0)
    (hit,) = locks.no_lock_timeout(observed(bare, replace(bare, number=2, line=2)))
    assert hit.sentence.endswith("So does 1 more statement.")


def test_two_tables_of_one_statement_are_not_taken_one_after_the_other() -> None:
    both = statement(1, "ALTER TABLE jobs ADD FOREIGN KEY", lock(JOBS), lock(QUEUES))
    assert lines(locks.locks_several_tables(observed(both))) == []


def test_tables_locked_in_several_transactions_are_not_held_together() -> None:
    other = statement(2, "ALTER TABLE queues", lock(QUEUES), transaction=2)
    assert lines(locks.locks_several_tables(observed(ALTER, other))) == []


def test_the_order_of_locks_is_told() -> None:
    other = statement(2, "ALTER TABLE queues", lock(QUEUES))
    (hit,) = locks.locks_several_tables(observed(ALTER, other))
    assert "jobs (line 1) and queues (line 2)" in hit.sentence


def test_an_index_that_was_invalid_before_is_not_laid_at_this_revisions_door() -> None:
    broken = Entry("index", "ix_a", state({"invalid": True, "table": "jobs"}))
    seen = replace(observed(), before=catalog(broken), after=catalog(broken))
    assert list(indexes.invalid_index_left(seen)) == []


def test_a_concurrent_build_that_fails_on_duplicates_leaves_an_invalid_index() -> None:
    failed = statement(
        3,
        "CREATE UNIQUE INDEX CONCURRENTLY a ON jobs (x)",
        transaction=None,
        sqlstate="23505",
        error="could not create unique index",
    )
    assert lines(indexes.invalid_index_left(observed(failed))) == [3]


def test_a_build_that_is_refused_leaves_nothing() -> None:
    refused = statement(
        3, "CREATE INDEX CONCURRENTLY a ON nowhere (x)", transaction=None, sqlstate="42P01"
    )
    assert lines(indexes.invalid_index_left(observed(refused))) == []
