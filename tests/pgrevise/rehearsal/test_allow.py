"""What a project lets pass: where an allowance stands, what it covers, what is wrong with it."""

from __future__ import annotations

from dataclasses import replace
from textwrap import dedent

import pytest

from pgrevise.rehearsal.allow import allowed, misallowed
from pgrevise.rehearsal.facts import Finding, Observed, Passage, Revision
from pgrevise.rehearsal.rules.registry import judge
from tests.pgrevise.rehearsal.sql_revisions import REVISION

SOURCE = dedent('''
    """Change a table.

    pgrevise: allow serial-column -- it is the old way here
    """

    from alembic import op


    def upgrade():
        # pgrevise: allow json-column -- directly above
        op.add_column("a")
        op.add_column("b")  # pgrevise: allow json-column, table-dropped -- on the line
        op.create_table(
            "c",
            "d",  # pgrevise: allow json-column -- inside the call
            "e",
        )
        with op.batch():
            # Why this is so:
            # pgrevise: allow json-column -- above, with more comment
            # and more to read.
            op.execute("f")
        # pgrevise: allow json-column -- cut off by an empty line

        op.execute("g")


    # pgrevise: allow downgrade-is-empty -- nothing to undo
    def downgrade():
        pass
    ''').strip()


def line_of(words: str) -> int:
    return next(n for n, line in enumerate(SOURCE.splitlines(), 1) if words in line)


def finding(line: int, rule: str = "json-column") -> Finding:
    return Finding(rule, "warning", "1", "upgrade", "x.py", line, "A sentence.", "An advice.")


def revision(source: str = SOURCE) -> Revision:
    return replace(REVISION, source=source)


def reason(line: int, rule: str = "json-column") -> str:
    return allowed([finding(line, rule)], revision())[0].allowed


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ('"a"', "directly above"),
        ('"b"', "on the line"),
        ("create_table", "inside the call"),
        ('"e"', "inside the call"),
        ('"f"', "above, with more comment"),
        ('"g"', ""),
        ("def upgrade", ""),
        ("with op", ""),
    ],
)
def test_a_comment_is_about_its_statement(words: str, why: str) -> None:
    assert reason(line_of(words)) == why


def test_a_comment_can_name_several_rules() -> None:
    assert reason(line_of('"b"'), "table-dropped") == "on the line"


def test_a_comment_lets_only_its_rules_pass() -> None:
    assert reason(line_of('"a"'), "table-dropped") == ""


def test_a_comment_above_a_function_is_about_what_is_said_of_it() -> None:
    assert reason(line_of("def downgrade"), "downgrade-is-empty") == "nothing to undo"


def test_the_docstring_is_about_the_whole_revision() -> None:
    assert reason(line_of('"g"'), "serial-column") == "it is the old way here"


def test_the_project_allows_for_all_revisions() -> None:
    found = allowed([finding(0, "type-narrowed")], REVISION, {"type-narrowed": "we looked"})
    assert found[0].allowed == "we looked"


def test_the_file_s_own_reason_comes_first() -> None:
    found = allowed([finding(line_of('"a"'))], revision(), {"json-column": "everywhere"})
    assert found[0].allowed == "directly above"


def test_text_that_only_looks_like_a_comment_allows_nothing() -> None:
    source = 'x = "# pgrevise: allow json-column -- in a string"\n'
    assert allowed([finding(1)], revision(source))[0].allowed == ""


def test_an_allowance_that_matched_nothing_is_found() -> None:
    source = "x = 1  # pgrevise: allow json-column -- gone since\n"
    (unused,) = allowed([], revision(source))
    assert (unused.rule, unused.line, unused.severity) == ("allowance-unused", 1, "info")


def test_nothing_is_unused_where_the_upgrade_did_not_end() -> None:
    source = "x = 1  # pgrevise: allow json-column -- so it is\n"
    found = allowed([finding(7, "upgrade-fails")], revision(source))
    assert [f.rule for f in found] == ["upgrade-fails"]


def test_what_only_options_ask_for_is_not_called_unused_without_them() -> None:
    source = "# pgrevise: allow breaks-released-code, stall-longer-than-limit -- in a window"
    assert allowed([], revision(source)) == []


def test_an_unknown_rule_is_not_called_unused_as_well() -> None:
    source = "x = 1  # pgrevise: allow no-such-rule -- so it is\n"
    assert allowed([], revision(source)) == []


def judged(source: str) -> list[tuple[str, int, str]]:
    from pgrevise.catalog import Catalog

    empty = Catalog((), 17, ("public",))
    passages = (Passage("upgrade"), Passage("downgrade"), Passage("second_upgrade"))
    seen = Observed(revision(source), empty, *passages, after=empty)
    return [(f.rule, f.line, f.sentence) for f in judge(seen)]


def test_an_allowance_without_a_reason_is_found() -> None:
    source = "x = 1  # pgrevise: allow json-column\n"
    said = ("allowance-without-reason", 1, "json-column is allowed without a reason.")
    assert judged(source) == [said]


def test_an_allowance_without_a_reason_lets_nothing_pass() -> None:
    source = "x = 1  # pgrevise: allow json-column --\n"
    assert allowed([finding(1)], revision(source))[0].allowed == ""


def test_an_unknown_rule_is_found() -> None:
    source = "x = 1  # pgrevise: allow json-colum -- mistyped\n"
    assert judged(source) == [("allowance-unknown", 1, "json-colum is allowed, and is no rule.")]


def test_the_project_s_own_mistakes_are_found() -> None:
    project = {"json-colum": "x", "json-column": " ", "type-narrowed": "we looked"}
    assert [f.rule for f in misallowed(project)] == [
        "allowance-unknown",
        "allowance-without-reason",
    ]


def test_a_file_that_is_no_python_allows_nothing() -> None:
    source = "def upgrade(:  # pgrevise: allow json-column -- no\n"
    assert allowed([finding(1)], revision(source))[0].allowed == ""
