"""A revision file is quoted a Python statement at a time."""

from __future__ import annotations

from pgrevise.report.source_lines import SourceLines

FILE = '''\
def upgrade():
    with op.get_context().autocommit_block():  # apart
        op.create_index(
            "ix",  # a "name"
            "t",
            # the columns
            ["a"],
        )
    op.execute("""SELECT 1
        AS "#one"
    """)
'''


def test_a_call_over_several_lines_is_one_line_without_comments() -> None:
    wanted = 'op.create_index("ix", "t", ["a"])'
    assert [SourceLines(FILE).at(line) for line in (3, 5, 8)] == [wanted] * 3


def test_of_a_block_only_its_head_is_quoted() -> None:
    assert SourceLines(FILE).at(2) == "with op.get_context().autocommit_block():"


def test_a_hash_in_a_string_is_no_comment() -> None:
    assert SourceLines(FILE).at(10) == 'op.execute("""SELECT 1 AS "#one" """)'


def test_a_line_that_goes_on_does_not_show_its_backslash() -> None:
    assert SourceLines('x = """\\\nSELECT 1\n"""').at(1) == 'x = """ SELECT 1 """'


def test_a_line_that_is_not_there_is_empty() -> None:
    assert [SourceLines(FILE).at(line) for line in (0, 12)] == ["", ""]


def test_what_is_not_python_is_quoted_line_by_line() -> None:
    assert SourceLines("CREATE TABLE t (\n  a int\n);").at(2) == "a int"
