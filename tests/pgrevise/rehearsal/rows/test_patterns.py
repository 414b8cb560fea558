"""Alphabets for the positions of a text that matches: pure, Python's own matcher is the judge."""

from __future__ import annotations

import re

import pytest

from pgrevise.rehearsal.rows import patterns


@pytest.mark.parametrize(
    "pattern",
    [
        "^[a-z][a-z0-9_.-]*$",
        "^(a|b|c)x?[^0-9]{2,4}$",
        r"^\d{3}-\d{4}\.\w+$",
        "^(?:ab|cd)+$",
        "^[]a]$",
        "^a{2}b{0,3}c{1,}$",
        ".*",
        r"^\+$",
        "^[+-]?[0-9]+$",
    ],
)
def test_the_first_of_each_alphabet_matches(pattern: str) -> None:
    for alphabets in patterns.readings(pattern):
        assert re.search(pattern, "".join(alphabet[0] for alphabet in alphabets))
        assert re.search(pattern, "".join(alphabet[-1] for alphabet in alphabets))


@pytest.mark.parametrize("pattern", ["(", "[a", "a{", r"\1", "(?=x)", "a)", "[[:odd:]]", "\\"])
def test_what_is_not_read_gives_nothing(pattern: str) -> None:
    assert patterns.formulas_for(pattern) == []


def test_longer_texts_give_more_values() -> None:
    shorter, *_, longer = patterns.formulas_for("^[a-z]+$")

    assert (shorter.capacity, longer.capacity) == (26, 26**9)
