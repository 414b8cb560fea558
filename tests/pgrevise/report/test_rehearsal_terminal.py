"""The terminal report: source lines with what they did beneath, calm, and no wider than asked."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from rich.cells import cell_len

from pgrevise.rehearsal.facts import Rehearsed
from pgrevise.report.rehearsal import render
from tests.pgrevise.report import samples


def lines(*revisions: Rehearsed, width: int = 100) -> list[str]:
    return render(samples.of(*revisions), "terminal", width=width).splitlines()


def shown(text: str, *revisions: Rehearsed) -> str:
    """The only line that holds a text."""
    found = [line for line in lines(*revisions) if text in line]
    assert len(found) == 1, found
    return found[0]


def test_a_statement_stands_on_one_line_with_its_number_and_without_its_comment() -> None:
    line = shown("op.create_index('ix_queue_jobs_region'", samples.blocking_index())
    assert re.search(r"│ +13  op.create_index\('ix_queue_jobs_region', 'queue_jobs', \['reg", line)
    assert "claim query" not in line


def test_a_lock_is_told_with_what_it_blocks_and_for_how_long() -> None:
    line = shown("lock    SHARE on queues", samples.blocking_index())
    assert line.endswith("SHARE on queues, blocks writes, DDL for 2.6 ms to commit")


def test_a_lock_is_not_told_where_the_transaction_holds_a_stronger_one() -> None:
    locks = [line for line in lines(samples.blocking_index()) if "on queue_jobs, blocks" in line]
    assert [line.split()[2:4] for line in locks] == [["ACCESS", "EXCLUSIVE"]]


def test_of_a_downgrade_only_the_lines_with_findings_are_shown() -> None:
    one = samples.blocking_index()
    last = samples.line_of(one.observed.revision, "drop_column")
    finding = replace(one.findings[0], direction="downgrade", line=last)
    text = lines(replace(one, findings=(finding,)))
    at = next(n for n, line in enumerate(text) if "op.drop_column" in line)
    assert "… 1 more line  " in text[at - 1]


def test_a_table_that_the_statement_does_not_name_is_marked() -> None:
    assert "SHARE ROW EXCLUSIVE on queues (not named)" in shown(
        "on queues (", samples.foreign_key()
    )


def test_the_lines_of_a_transaction_stand_in_one_bracket() -> None:
    kept = [line[2] for line in lines(samples.concurrently()) if re.match(r"..[╭│╰]", line)]
    assert "".join(kept) == "╭│╰╭│╰"


def test_what_runs_outside_a_transaction_stands_outside_the_brackets() -> None:
    assert shown("14  op.create_index", samples.concurrently()).startswith("     14")


def test_work_is_told_by_its_kind() -> None:
    text = "\n".join(lines(samples.type_change()))
    assert "rewrite the whole of queue_jobs, for a column's type" in text
    assert "rebuild index pk_queue_jobs on queue_jobs" in text
    assert "rows    12,000 updated in queue_jobs" in text
    assert "spill   8.6 MB of temporary files" in text


def test_an_index_that_is_locked_with_its_table_is_not_told_of() -> None:
    assert not [line for line in lines(samples.type_change()) if "index pk_queue_jobs:" in line]


def test_a_finding_stands_below_its_line_with_what_to_write_instead() -> None:
    text = lines(samples.blocking_index())
    at = next(n for n, line in enumerate(text) if "✗ error" in line and "Writes" in line)
    assert "[index-blocks-writes]" in text[at + 1]
    assert "→ Build it in a revision of its own" in text[at + 2]
    assert text[at + 3].endswith("    with op.get_context().autocommit_block():")


def test_an_allowed_finding_shows_its_reason() -> None:
    text = " ".join(" ".join(lines(samples.blocking_index())).replace("│", "").split())
    assert "[index-blocks-writes] allowed: queues has forty rows" in text


def test_the_same_advice_is_given_once() -> None:
    assert (
        len([x for x in lines(samples.type_change()) if "Add a column of the new type" in x]) == 1
    )


def test_a_clean_revision_is_one_line_among_others() -> None:
    text = lines(samples.clean(), samples.blocking_index())
    at = next(n for n, line in enumerate(text) if "202505010900" in line)
    assert text[at].endswith("1 statement, 2.9 ms, blocks nobody")
    assert text[at + 1] == ""


def test_a_clean_revision_that_was_asked_for_alone_is_shown_in_full() -> None:
    assert "12  op.create_table('holidays', sa.Column('day', sa.Date()))" in shown(
        "op.create_table", samples.clean()
    )


def test_hundreds_of_statements_of_one_line_are_one_entry() -> None:
    text = lines(samples.long())
    assert len(text) < 30
    assert [line for line in text if "300x 60 ms" in line]
    assert [line for line in text if "… 297 more like these" in line]


def test_hundreds_of_lines_of_one_kind_are_summarised() -> None:
    up = "".join(f"    op.execute('INSERT INTO holidays VALUES ({n})')\n" for n in range(400))
    revision = samples.made("202505021100", "many", up, "    pass\n")
    statements = [
        samples.issued(revision, f"({n})", f"INSERT INTO holidays VALUES ({n})", 0.0001)
        for n in range(400)
    ]
    many = samples.rehearsed(
        revision, samples.passage(revision, statements), samples.clean().observed.downgrade
    )
    assert len(lines(many)) < 25
    assert shown("… 397 more lines like these", many).rstrip().endswith("40 ms")


def test_transactions_that_repeat_are_counted() -> None:
    up = "    for part in PARTS:\n        op.execute('DELETE FROM holidays')\n"
    revision = samples.made("202505021200", "batches", up, "    pass\n")
    statement = samples.issued(revision, "DELETE", "DELETE FROM holidays", 0.001)
    upgrade = samples.passage(
        revision, [statement] * 1000, transactions=tuple(range(1, 1001)), is_committed=True
    )
    batches = samples.rehearsed(revision, upgrade, samples.clean().observed.downgrade)
    assert "the first of 999 such transactions" in "\n".join(lines(batches))


def test_a_failure_is_told_at_its_line() -> None:
    text = lines(samples.failing())
    at = next(n for n, line in enumerate(text) if " 13  op.alter_column" in line)
    assert (
        'fails   column "owner" of relation "queues" contains null values (23502)' in text[at + 2]
    )
    assert "rollback after" in shown("╰─", samples.failing())


def test_what_hung_says_what_it_waited_for_and_in_which_session() -> None:
    text = "\n".join(lines(samples.hung()))
    assert "session connection 2" in text
    assert "hangs   it did not end within 30 s" in text


def test_a_downgrade_lists_what_it_left() -> None:
    text = lines(samples.leaving_differences())
    at = next(n for n, line in enumerate(text) if "downgrade  leaves a different schema" in line)
    assert text[at + 1] == "    · enum mood is new"


def test_the_last_line_sums_up() -> None:
    text = render(samples.everything(), "terminal")
    last = "9 revisions: 2 clean, 3 broken; 5 errors, 3 warnings, 1 info, 1 allowed."
    assert text.splitlines()[-1] == last


def test_nothing_to_rehearse_is_said() -> None:
    assert lines()[-1] == "No revision to rehearse."


def test_what_could_not_be_observed_is_said() -> None:
    text = "\n".join(lines(samples.long()))
    assert "1 session beside SQLAlchemy could not be observed" in text
    assert "1 thread left running" in text


@pytest.mark.parametrize("width", [60, 80, 100, 120])
def test_no_line_is_wider_than_asked(width: int) -> None:
    text = render(samples.everything(), "terminal", width=width, colour=False)
    assert max(map(cell_len, text.splitlines())) <= width


def test_a_wide_character_counts_as_two() -> None:
    revision = replace(samples.clean().observed.revision, subject="祝日" * 60)
    observed = replace(samples.clean().observed, revision=revision)
    assert max(map(cell_len, lines(replace(samples.clean(), observed=observed)))) <= 100


def test_there_is_no_colour_unless_asked_for() -> None:
    everything = samples.everything()
    plain, coloured = render(everything, "terminal"), render(everything, "terminal", colour=True)
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain


def test_only_sixteen_colours_are_used() -> None:
    coloured = render(samples.everything(), "terminal", colour=True)
    codes = {
        code for found in re.findall(r"\x1b\[([\d;]*)m", coloured) for code in found.split(";")
    }
    assert codes <= {"0", "1", "2", "31", "32", "33", "34", "35", "36"}


def test_without_unicode_the_report_is_ascii() -> None:
    revision = replace(samples.clean().observed.revision, subject="créer")
    odd = replace(samples.clean(), observed=replace(samples.clean().observed, revision=revision))
    text = render(samples.of(odd, samples.blocking_index()), "terminal", unicode=False)
    assert text.isascii()
    assert r"cr\xe9er" in text
    assert "`- commit after" in text


def test_control_characters_of_the_project_are_made_visible() -> None:
    revision = replace(samples.clean().observed.revision, subject="a\x1b[31mb\x07\u202ec")
    odd = replace(samples.clean(), observed=replace(samples.clean().observed, revision=revision))
    assert r"a\x1b[31mb\x07\u202ec" in "\n".join(lines(odd))
