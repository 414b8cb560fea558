"""What the project lets pass, and its reasons: comments, docstrings and settings. Pure.

    # pgrevise: allow index-blocks-writes -- the table is empty until release 4

stands on a line of the statement, or on the lines of comment directly above it. Without the ``#``
in the revision's docstring it is for the whole revision; in ``[tool.pgrevise.rehearsal.allow]`` it
is for all of them. Several rules are separated by commas. What is wrong with an allowance itself
is said by the rules of `rules.allowances`.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from pgrevise.rehearsal.facts import Finding, Observed, Revision
from pgrevise.rehearsal.rules.registry import rules

_ALLOWANCE = re.compile(
    r"pgrevise:\s*allow\s+(?P<rules>[\w-]+(?:\s*,\s*[\w-]+)*)\s*(?:--\s*(?P<reason>.*\S))?\s*$"
)
_UNUSED = "allowance-unused"
#: Where one of these was found, not everything was run, so nothing can be called unused.
_CUT_SHORT = ("upgrade-fails", "upgrade-hangs")


@dataclass(frozen=True)
class Allowance:
    """Rules that may be broken and why, said at ``line``; ``lines`` is what it is about.

    For the whole revision ``lines`` is None. ``reason`` is "" when none is given.
    """

    rules: tuple[str, ...]
    reason: str
    line: int
    lines: range | None = None

    def covers(self, finding: Finding) -> bool:
        """Whether it lets this finding pass."""
        if not self.reason or finding.rule not in self.rules:
            return False
        return self.lines is None or finding.line in self.lines


def allowed(
    findings: Iterable[Finding], revision: Revision, project: Mapping[str, str] | None = None
) -> list[Finding]:
    """The findings of one revision, those that the project lets pass with the reason for that.

    ``project`` gives a reason for each rule that is allowed everywhere. What is allowed in the
    file but was not found is itself found, by `allowance-unused`.
    """
    marked, used = _marked(findings, revision, project or {})
    if any(finding.rule in _CUT_SHORT for finding in marked):
        return marked
    return marked + [
        _unused(allowance, name, revision)
        for allowance in allowances_in(revision)
        for name in allowance.rules
        if allowance.reason and (allowance.line, name) not in used and _is_always_judged(name)
    ]


def allowed_of_history(
    findings: Iterable[Finding], revision: Revision, project: Mapping[str, str]
) -> list[Finding]:
    """The same for findings about several revisions, which ``revision`` stands for.

    Its file says more than is about those, so nothing is called unused.
    """
    return _marked(findings, revision, project)[0]


def _marked(
    findings: Iterable[Finding], revision: Revision, project: Mapping[str, str]
) -> tuple[list[Finding], set[tuple[int, str]]]:
    """The findings, those that are allowed with their reason; and the allowances that were used."""
    allowances = allowances_in(revision)
    used: set[tuple[int, str]] = set()
    marked = []
    for finding in findings:
        covering = [a for a in allowances if a.covers(finding)]
        used.update((a.line, finding.rule) for a in covering)
        reason = covering[0].reason if covering else project.get(finding.rule, "")
        marked.append(replace(finding, allowed=reason) if reason else finding)
    return marked, used


def misallowed(project: Mapping[str, str]) -> list[Finding]:
    """What is wrong with the project's own allowances: no reason, or no such rule."""
    known = rules()
    wrong = []
    for name, reason in sorted(project.items()):
        if name not in known:
            said = f"pyproject.toml allows {name}, which is no rule."
            wrong.append(_about_project("allowance-unknown", said))
        elif not reason.strip():
            said = f"pyproject.toml allows {name} without a reason."
            wrong.append(_about_project("allowance-without-reason", said))
    return wrong


def allowances_in(revision: Revision) -> tuple[Allowance, ...]:
    """What is allowed in a revision's file, from its first line to its last."""
    return _allowances_in(revision.source) if "pgrevise:" in revision.source else ()


@lru_cache(maxsize=4)
def _allowances_in(source: str) -> tuple[Allowance, ...]:
    try:
        tree = ast.parse(source)
        comments = list(_comments(source))
    except (SyntaxError, ValueError, tokenize.TokenError):
        return ()  # such a file is not run either; what is wrong with it is said elsewhere
    lines = source.splitlines()
    spans = list(_spans(tree))
    found = list(_in_docstring(tree, lines))
    for number, text in comments:
        match = _ALLOWANCE.search(text)
        if match:
            found.append(_made(match, number, _about(number, lines, spans)))
    return tuple(sorted(found, key=lambda allowance: allowance.line))


def _made(match: re.Match[str], line: int, about: range | None) -> Allowance:
    names = tuple(name.strip() for name in match["rules"].split(","))
    return Allowance(names, match["reason"] or "", line, about)


def _in_docstring(tree: ast.Module, lines: list[str]) -> Iterator[Allowance]:
    first = tree.body[0] if tree.body and ast.get_docstring(tree) is not None else None
    if first is None:
        return
    for number in range(first.lineno, (first.end_lineno or first.lineno) + 1):
        match = _ALLOWANCE.search(lines[number - 1].rstrip().removesuffix('"""'))
        if match:
            yield _made(match, number, None)


def _comments(source: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def _about(number: int, lines: list[str], spans: list[range]) -> range:
    """The lines of the statement that a comment is on, or directly above of."""
    below = number
    while below <= len(lines) and lines[below - 1].lstrip().startswith("#"):
        below += 1
    about = [span for span in spans if below > number and span.start == below]
    about = about or [span for span in spans if number in span]
    return min(about, key=len, default=range(number, number + 1))


def _spans(tree: ast.Module) -> Iterator[range]:
    """The lines of each statement; of a compound one those of its head."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.stmt):
            continue
        body = getattr(node, "body", None)
        last = body[0].lineno - 1 if body else node.end_lineno or node.lineno
        decorators = getattr(node, "decorator_list", [])
        begin = min([node.lineno, *(d.lineno for d in decorators)])
        yield range(begin, max(last, node.lineno) + 1)


def _is_always_judged(name: str) -> bool:
    """Whether a rule looks at each revision, whatever was asked for, on every version."""
    rule = rules().get(name)
    if rule is None or rule.about is not Observed or rule.by_trial:
        return False
    return rule.since <= 14 and rule.until >= 99


def _unused(allowance: Allowance, name: str, revision: Revision) -> Finding:
    record = rules()[_UNUSED]
    return Finding(
        rule=_UNUSED,
        severity=record.severity,
        revision=revision.identifier,
        direction="upgrade",
        file=revision.file,
        line=allowance.line,
        sentence=f"{name} is allowed here, and was not found here.",
        advice=record.instead,
    )


def _about_project(rule: str, sentence: str) -> Finding:
    record = rules()[rule]
    return Finding(
        rule, record.severity, "", "upgrade", "pyproject.toml", 0, sentence, record.instead
    )
