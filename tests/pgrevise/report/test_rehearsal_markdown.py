"""The comment on a pull request: short, escaped, and never longer than GitHub takes."""

from __future__ import annotations

import re
from dataclasses import replace

from markdown_it import MarkdownIt

from pgrevise.rehearsal.facts import Rehearsed
from pgrevise.report.markdown import LONGEST, MARKER
from pgrevise.report.rehearsal import render
from tests.pgrevise.report import samples


def page(*revisions: Rehearsed) -> str:
    return render(samples.of(*revisions), "markdown")


def html(*revisions: Rehearsed) -> str:
    rendered: str = MarkdownIt("commonmark").enable("table").render(page(*revisions))
    return rendered


def with_subject(subject: str) -> Rehearsed:
    one = samples.foreign_key()
    revision = replace(one.observed.revision, subject=subject)
    return replace(one, observed=replace(one.observed, revision=revision))


def test_it_begins_with_a_mark_to_find_the_comment_by() -> None:
    assert page(samples.clean()).startswith(f"{MARKER}\n### Rehearsal: 1 revision: 1 clean")


def test_each_revision_is_a_row_with_its_verdicts() -> None:
    cells = "`202505011200` give queues a mood | works | leaves a different schema | fails"
    assert f"| {cells} | 1 error |" in page(samples.leaving_differences())


def test_a_finding_has_its_place_its_rule_and_what_to_write() -> None:
    text = page(samples.blocking_index())
    place = "`migrations/versions/202505010930_index_jobs_by_region.py:13`"
    assert f"- **error** {place} Writes to queue\\_jobs wait" in text
    assert "(`index-blocks-writes`)" in text
    assert "  with op.get_context().autocommit_block():\n      op.create_index(" in text


def test_the_worst_comes_first() -> None:
    severities = re.findall(r"^- \*\*(\w+)\*\*", render(samples.everything(), "markdown"), re.M)
    assert severities == ["error"] * 5 + ["warning"] * 3 + ["info"]


def test_locks_are_a_table_in_the_folded_details() -> None:
    details = page(samples.blocking_index()).partition("<details><summary>2025")[2]
    assert "| line 13 | `queue_jobs` | SHARE | writes and DDL | 37 ms |" in details


def test_clean_revisions_have_no_details() -> None:
    assert "<details>" not in page(samples.clean(), samples.long())


def test_what_the_project_writes_is_no_markup() -> None:
    text = html(with_subject("<script>x</script> **b** [a](http://b) | `c` <!-- -->"))
    assert "<script>" not in text
    assert "<strong>b</strong>" not in text
    assert "<a " not in text
    assert len(re.findall(r"<td>", text.partition("</table>")[0])) == 5


def test_nobody_is_called_and_no_issue_mentioned() -> None:
    text = page(with_subject("thanks to @someone for #12"))
    assert "@someone" not in text
    assert "#12" not in text


def test_backticks_do_not_end_code() -> None:
    one = samples.foreign_key()
    statement = replace(one.observed.upgrade.statements[0], sql="SELECT '```' || '`'")
    upgrade = replace(one.observed.upgrade, statements=(statement,))
    text = html(replace(one, observed=replace(one.observed, upgrade=upgrade)))
    assert "SELECT '```' || '`'" in text.replace("&#x27;", "'")


def test_a_report_that_is_too_long_is_cut_and_says_so() -> None:
    many = [with_subject(f"{'long ' * 20}{n}") for n in range(400)]
    text = page(*many)
    assert len(text) <= LONGEST
    assert re.search(r"_\d+ parts of this report would not fit into a comment\._\n\Z", text)


def test_many_clean_revisions_are_counted() -> None:
    text = page(*[samples.clean()] * 500)
    assert "| and 480 more clean ones |" in text
    assert text.count("create holidays") == 20


def test_many_findings_of_one_rule_are_counted() -> None:
    one = samples.foreign_key()
    text = page(replace(one, findings=one.findings * 50))
    assert "- and 40 more of `foreign-key-scans-table`" in text
