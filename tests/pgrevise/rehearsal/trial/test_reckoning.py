"""What times at some sizes, and locks meanwhile, say about production: hand-made passages."""

from __future__ import annotations

import pytest

from pgrevise.rehearsal.facts import (
    Lock,
    Passage,
    Relation,
    Scan,
    Statement,
    Transaction,
    Written,
)
from pgrevise.rehearsal.modes import Mode
from pgrevise.rehearsal.trial.facts import Stall
from pgrevise.rehearsal.trial.reckoning import Probed, Run, Sizes, stalls, timed

NOWHERE = Sizes({}, {})
A, B = Relation("a"), Relation("b")


def locking(
    seconds: float, *scanned: Relation, began: float = 0.0, held: float = 0.0, line: int = 1
) -> Statement:
    """A statement that locks ``a`` from its beginning, and reads tables."""
    lock = Lock(A, "ACCESS EXCLUSIVE", began, held or seconds)
    return Statement(
        line,
        f"ALTER {line}",
        line=line,
        began=began,
        seconds=seconds,
        locks=(lock,),
        scans=tuple(Scan(one) for one in scanned),
        transaction=1,
    )


def run(rows: int, *statements: Statement, probed: Probed | None = None, b: int = 0) -> Run:
    passage = Passage("upgrade", statements=statements)
    return Run({"a": rows, "b": b or rows}, passage, probed)


def only(*runs: Run, sizes: Sizes = NOWHERE) -> Stall:
    found = [stall for stall in stalls(runs, sizes) if stall.traffic == "writes"]
    assert len(found) == 1
    return found[0]


def test_what_was_measured_at_the_size_asked_for_is_not_scaled() -> None:
    stall = only(run(1000, locking(2.0, A)))
    assert (stall.table, stall.predicted.seconds, stall.predicted.is_scaled) == ("a", 2.0, False)
    assert stall.predicted.measured == (1000,)


def test_a_stall_grows_with_the_table_that_is_read() -> None:
    runs = [run(1000, locking(1.0, A)), run(10_000, locking(10.0, A))]
    stall = only(*runs, sizes=Sizes({"a": 100_000}, {}))
    assert stall.predicted.seconds == pytest.approx(100, rel=0.3)
    assert (stall.predicted.rows, stall.predicted.measured) == (100_000, (1000, 10_000))


def test_it_is_the_other_table_that_counts_when_that_is_what_is_read() -> None:
    runs = [run(1000, locking(1.0, B)), run(10_000, locking(10.0, B))]
    stall = only(*runs, sizes=Sizes({"a": 10**9, "b": 10_000}, {}))
    assert stall.predicted.seconds == pytest.approx(10.0, rel=0.1)


def test_time_that_nothing_is_done_in_does_not_grow() -> None:
    runs = [run(1000, locking(1.0)), run(10_000, locking(1.0))]
    stall = only(*runs, sizes=Sizes({"a": 10**7}, {}))
    assert stall.predicted.seconds == pytest.approx(1.0)


def test_what_follows_while_the_lock_is_held_is_part_of_the_stall() -> None:
    later = Statement(2, "UPDATE b", line=2, began=0.5, seconds=3.0, scans=(Scan(B),))
    stall = only(run(1000, locking(0.5, held=4.0), later))
    assert stall.predicted.seconds == pytest.approx(4.0)
    assert stall.line == 2


def test_it_is_the_longest_stall_and_not_all_of_them_together() -> None:
    stall = only(run(1000, locking(1.0, A), locking(3.0, A, began=2.0, line=2)))
    assert stall.predicted.seconds == pytest.approx(3.0)


def test_rows_that_are_written_hold_up_who_writes_them_until_the_end() -> None:
    update = Statement(
        1,
        "UPDATE a",
        line=1,
        began=1.0,
        seconds=1.0,
        written=(Written(A, updated=9),),
        transaction=1,
    )
    lock = Lock(A, "ROW EXCLUSIVE", 1.0, 4.0)
    passage = Passage(
        "upgrade",
        statements=(Statement(**(update.__dict__ | {"locks": (lock,)})),),
        transactions=(Transaction(1, 1, 0.0, 5.0),),
    )
    found = stalls([Run({"a": 9}, passage)], NOWHERE)
    assert [(s.traffic, s.predicted.seconds) for s in found] == [("writes", 4.0)]


@pytest.mark.parametrize("mode", ["ROW EXCLUSIVE", "SHARE UPDATE EXCLUSIVE"])
def test_a_lock_that_blocks_neither_is_no_stall(mode: Mode) -> None:
    statement = Statement(1, "x", seconds=1.0, locks=(Lock(A, mode, 0.0, 1.0),))
    assert stalls([run(10, statement)], NOWHERE) == ()


def test_what_clients_saw_stands_beside_it() -> None:
    stall = only(run(1000, locking(2.0, A), probed={("a", "writes"): 2.1}))
    assert (stall.probed, stall.probed_rows) == (2.1, 1000)


def test_a_wait_that_no_lock_explains_is_told() -> None:
    found = stalls([run(1000, probed={("b", "reads"): 1.5})], NOWHERE)
    assert [(s.table, s.predicted.seconds, s.probed) for s in found] == [("b", 0.0, 1.5)]


def test_a_partition_has_the_rows_of_its_table() -> None:
    part = Relation("a_2024")
    statement = Statement(
        1,
        "x",
        seconds=1.0,
        locks=(Lock(part, "SHARE", 0.0, 1.0),),
        scans=(Scan(part),),
    )
    stall = only(run(1000, statement), sizes=Sizes({}, {"a_2024": "a"}))
    assert (stall.table, stall.predicted.rows) == ("a_2024", 1000)


def test_batches_are_one_statement_however_many_they_are() -> None:
    def batches(number: int) -> list[Statement]:
        return [
            Statement(n, f"UPDATE a WHERE id < {n}00", line=7, seconds=0.5, scans=(Scan(A),))
            for n in range(1, number + 1)
        ]

    (found,) = timed([run(100, *batches(2)), run(1000, *batches(20))], Sizes({"a": 1000}, {}))
    assert (found.line, found.took.seconds, found.took.measured) == (7, 10.0, (100, 1000))


def test_what_takes_no_time_and_no_lock_is_not_told() -> None:
    statement = Statement(1, "SET lock_timeout = '2s'", seconds=0.001)
    assert timed([run(1000, statement)], NOWHERE) == ()


def test_what_env_py_does_is_not_told() -> None:
    statement = Statement(**(locking(1.0).__dict__ | {"is_foreign": True}))
    assert timed([run(1000, statement)], NOWHERE) == ()
