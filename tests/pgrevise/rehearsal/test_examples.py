"""Every rule finds its unsafe example and has nothing to say of its safe one, on real servers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from pgrevise import settings
from pgrevise.rehearsal.examples import Example, also_found, build, examples
from pgrevise.rehearsal.facts import Rehearsal
from pgrevise.rehearsal.rehearse import rehearse
from pgrevise.rehearsal.rules.registry import rules
from pgrevise.rehearsal.selection import Selection

ROOT = Path(__file__).parents[3]
MAJOR = settings.load(ROOT).postgres

applicable = [
    example
    for example in examples()
    if example.rule not in rules()
    or rules()[example.rule].since <= MAJOR <= rules()[example.rule].until
]
each_example = pytest.mark.parametrize("example", applicable, ids=lambda example: example.rule)


def rehearsed(example: Example, revisions: Sequence[Path], root: Path) -> Rehearsal:
    chosen = Selection(build(example, revisions, root), "an example")
    options = replace(example.options, major=MAJOR, deadline=20.0)
    return rehearse(settings.load(root), chosen, options)


def found(rehearsal: Rehearsal, revision: str = "") -> dict[str, str]:
    """What was found and not allowed, in one revision or all: by rule, where and what is said."""
    return {
        finding.rule: f"{finding.direction}, line {finding.line}: {finding.sentence}"
        for finding in rehearsal.counted()
        if not revision or finding.revision == revision
    }


def test_every_rule_has_an_example() -> None:
    without = set(rules()) - {example.rule for example in examples()}
    assert not without


def test_every_example_is_of_a_rule() -> None:
    assert not {example.rule for example in examples()} - set(rules())


@each_example
def test_the_rule_finds_the_unsafe_example(example: Example, tmp_path: Path) -> None:
    seen = found(rehearsed(example, example.unsafe, tmp_path))
    told = frozenset[str]().union(*map(also_found, example.unsafe))
    assert {rule: words for rule, words in seen.items() if rule not in told}.keys() == {
        example.rule
    }, seen


@each_example
def test_nothing_is_found_in_the_safe_example(example: Example, tmp_path: Path) -> None:
    rehearsal = rehearsed(example, example.safe, tmp_path)
    for revision, file in zip(rehearsal.revisions, example.safe, strict=True):
        seen = found(rehearsal, revision.observed.revision.identifier)
        told = also_found(file)
        assert not {rule: words for rule, words in seen.items() if rule not in told}, file.name
