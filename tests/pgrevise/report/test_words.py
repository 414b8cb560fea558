"""Numbers in words."""

from __future__ import annotations

import pytest

from pgrevise.report.words import amount, duration, listing, one_line, size


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 ms"),
        (0.00001, "<0.1 ms"),
        (0.0012, "1.2 ms"),
        (0.00999, "10 ms"),
        (0.0351, "35 ms"),
        (0.35, "0.35 s"),
        (9.996, "10.0 s"),
        (59.96, "1 min 0 s"),
        (125, "2 min 5 s"),
        (3900, "1 h 5 min"),
    ],
)
def test_a_duration_is_told_in_the_unit_that_suits_it(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1310720, "1.2 MB"),
        (48_000_000, "46 MB"),
        (5 * 2**40, "5120 GB"),
    ],
)
def test_a_size_is_told_in_the_unit_that_suits_it(count: int, words: str) -> None:
    assert size(count) == words


def test_a_noun_agrees_with_its_number() -> None:
    told = [amount(1, "row"), amount(9988, "row"), amount(2, "index", "indexes")]
    assert told == ["1 row", "9,988 rows", "2 indexes"]


def test_a_list_ends_with_and() -> None:
    told = [listing(words) for words in ([], ["a"], ["a", "b"], ["a", "b", "c"])]
    assert told == ["nothing", "a", "a and b", "a, b and c"]


def test_text_on_one_line_holds_nothing_that_a_terminal_obeys() -> None:
    assert one_line("a\n\t b\x1b[0m\x00\ud800") == r"a b\x1b[0m\x00\ud800"
