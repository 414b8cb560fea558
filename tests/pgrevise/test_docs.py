"""The documentation is held to what the project does: its examples, its links, its reference.

A ``console`` block is run in order with the others of its page, in a copy of the project, and its
output compared; ``...`` stands for anything. A ``diff`` block is applied. An HTML comment before a
block may say that it is not run, and why, or that it ``exits with`` a code.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from types import ModuleType

import pytest

from pgrevise import errors
from pgrevise.postgres.target import Target
from pgrevise.settings import Settings
from tests.pgrevise.conftest import ROOT

DOCS = ROOT / "docs"
PAGES = [ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "CHANGELOG")]
PAGES += sorted(DOCS.rglob("*.md"))
WALKED = [
    ROOT / "README.md",
    DOCS / "quickstart.md",
    DOCS / "how-to" / "rehearse-with-rows.md",
]

FENCE = re.compile(
    r"(?:^<!-- (?P<note>[^\n]*?) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.*)$", re.MULTILINE)

# What the commands print of a private server; the tests name a scratch database instead.
SHOWN_URL = "postgresql://postgres@/job_queue_dev?host=/dev/shm/pgrevise-1000/2497ed49/s&port=5432"
SHOWN_ORIGIN = "the private development server, PostgreSQL 17.10"
SHOWN_LABEL = "job_queue_dev on the private server"


@dataclass(frozen=True)
class Block:
    """A fenced block and the line it begins at; ``note`` is the comment before it."""

    page: Path
    line: int
    language: str
    text: str
    note: str

    @property
    def is_run(self) -> bool:
        return not self.note.startswith("not run by the tests: ")

    @property
    def exit_code(self) -> int:
        return int(self.note.removeprefix("exits with ")) if "exits with" in self.note else 0


def blocks(page: Path, *languages: str) -> list[Block]:
    text = page.read_text()
    return [
        Block(
            page,
            text[: found.start("text")].count("\n"),
            found["language"],
            found["text"],
            found["note"] or "",
        )
        for found in FENCE.finditer(text)
        if found["language"] in languages
    ]


def named(value: object) -> str:
    """The identifier of a parametrised test: the page, and the line of a block."""
    page = value.page if isinstance(value, Block) else value
    assert isinstance(page, Path)
    name = str(page.relative_to(ROOT))
    return f"{name}:{value.line}" if isinstance(value, Block) else name


def commands(text: str) -> Iterator[tuple[str, str]]:
    """Each command of a console block with the output that is shown for it."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


def steady(text: str) -> str:
    """``text`` without what differs from run to run and from machine to machine."""
    known = {path.name[:12] for path in (ROOT / "app/migrations/versions").glob("2*.py")}
    text = re.sub(
        r"(?<!\d)20\d{10}(?!\d)", lambda found: found[0] if found[0] in known else "NEW", text
    )
    text = re.sub(r"\d+\.\d\d s\b", "TIME", text)
    # What is said only when something takes more than a second.
    text = re.sub(r"^[^\n]* …\n", "", text, flags=re.MULTILINE)
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def matches(shown: str, printed: str) -> bool:
    pattern = re.escape(steady(shown)).replace(re.escape("..."), ".*")
    return re.fullmatch(pattern, steady(printed), re.DOTALL) is not None


@dataclass(frozen=True)
class Walk:
    """A copy of the project in which the examples of one page are followed."""

    root: Path
    database: Target

    def follow(self, block: Block) -> None:
        if block.language == "diff":
            self._apply(block.text)
            return
        for command, shown in commands(block.text):
            done = subprocess.run(
                ["bash", "-c", command],
                cwd=self.root,
                env=self._variables(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=60,
                check=False,
            )
            where = f"{named(block)}: {command}"
            assert done.returncode == block.exit_code, f"{where}\n{done.stdout}"
            if shown:
                assert matches(shown, self._as_shown(done.stdout)), f"{where}\n{done.stdout}"

    def _apply(self, patch: str) -> None:
        """Change a file as a diff with one hunk says."""
        header, _, hunk = patch.partition("\n@@")
        path = self.root / header.rpartition("+++ b/")[2]
        lines = hunk.splitlines()[1:]
        before = "\n".join(line[1:] for line in lines if not line.startswith("+"))
        after = "\n".join(line[1:] for line in lines if not line.startswith("-"))
        text = path.read_text()
        assert text.count(before) == 1, f"{path.name} does not have, once:\n{before}"
        path.write_text(text.replace(before, after))

    def _variables(self) -> Mapping[str, str]:
        programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        here = {"PYTHONPATH": str(self.root), "DATABASE_URL": self.database.url}
        return {**os.environ, "PATH": programs, **here}

    def _as_shown(self, printed: str) -> str:
        """The output as it is when no database is named."""
        printed = printed.replace(self.database.display, SHOWN_URL)
        printed = printed.replace("the environment variable DATABASE_URL", SHOWN_ORIGIN)
        return printed.replace(replace(self.database, private=False).label, SHOWN_LABEL)


@pytest.fixture
def walk(tmp_path: Path, database: Target) -> Walk:
    for name in ("app", "pgrevise"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("alembic.ini", "pyproject.toml", "tasks.py"):
        shutil.copy(ROOT / name, tmp_path)
    return Walk(tmp_path, database)


def script(name: str) -> ModuleType:
    """One of the scripts that make parts of the documentation."""
    spec = importlib.util.spec_from_file_location(f"docs_{name}", DOCS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as MkDocs and GitHub both make them."""
    plain = [re.sub(r"[^\w\s-]", "", text).lower() for text in HEADING.findall(prose(page))]
    return {re.sub(r"[-\s]+", "-", text.strip()) for text in plain}


def prose(page: Path) -> str:
    return FENCE.sub("", page.read_text())


@pytest.mark.parametrize("page", WALKED, ids=named)
def test_a_page_can_be_followed_to_the_letter(page: Path, walk: Walk) -> None:
    for block in blocks(page, "console", "diff"):
        if block.is_run:
            walk.follow(block)


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_a_console_block_begins_with_a_command(page: Path) -> None:
    wrong = [named(b) for b in blocks(page, "console") if not b.text.startswith("$ ")]
    assert wrong == []


@pytest.mark.filterwarnings("ignore:The session 'migrations' has already:FutureWarning")
@pytest.mark.parametrize(
    "block", [block for page in PAGES for block in blocks(page, "python")], ids=named
)
def test_a_python_example_runs(block: Block) -> None:
    code = compile(block.text, named(block), "exec", dont_inherit=True)
    if block.is_run:
        exec(code, {"__name__": "example"})  # noqa: S102 - our own examples


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_a_link_leads_somewhere(page: Path) -> None:
    for target in LINK.findall(prose(page)):
        name, _, anchor = target.partition("#")
        there = (page.parent / name).resolve() if name else page
        assert there.exists(), target
        assert not anchor or anchor in anchors(there), target


def test_every_page_is_in_the_navigation() -> None:
    listed = re.findall(r": (\S+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(p.relative_to(DOCS).as_posix() for p in DOCS.rglob("*.md"))


def test_the_reference_of_the_tasks_is_what_their_help_says() -> None:
    reference = script("make_reference")
    assert reference.PAGE.read_text() == reference.page(), "run python docs/make_reference.py"


def test_the_pages_of_the_rules_are_what_the_rules_say() -> None:
    generator = script("make_rules")
    there = {path: path.read_text() for path in generator.FOLDER.glob("*.md")}
    assert there == generator.pages(), "run python docs/make_rules.py"


def test_the_pages_of_the_rules_are_in_the_navigation() -> None:
    generator = script("make_rules")
    assert generator.NAVIGATION.read_text() == generator.navigation()


def test_the_page_on_speed_shows_the_last_run_of_the_bench() -> None:
    speed = script("make_speed")
    last = speed.read(speed.RESULTS.read_text())
    assert speed.PAGE.read_text() == speed.page(last), "run python docs/make_speed.py"
    assert speed.PICTURE.read_text() == speed.drawn(last), "run python docs/make_speed.py"


def test_every_setting_is_documented_with_its_default() -> None:
    page = (DOCS / "reference" / "settings.md").read_text()
    settings = {f.name: f.default for f in fields(Settings)[2:] if f.name != "sources"}
    rows = [
        f"| `{name}` | `{json.dumps(default)}` | `PGREVISE_{name.upper()}` |"
        for name, default in settings.items()
    ]
    assert [row for row in rows if row not in page] == []


def test_every_error_is_documented_with_its_exit_code() -> None:
    kinds = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.ReviseError)
    ]
    page = (DOCS / "reference" / "exit-codes.md").read_text()
    rows = {row.split("|")[1].strip(): row for row in page.splitlines() if row.startswith("|")}
    missing = [
        kind.__name__
        for kind in kinds
        if kind is not errors.ReviseError and f"`{kind.__name__}`" not in rows[str(kind.exit_code)]
    ]
    assert missing == []


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("a\n...\nz\n", "a\nb\nc\nz\n"),
        ("took (0.01 s)", "took (12.34 s)"),
        ("versions/209901011200_x.py", "versions/209902021300_x.py"),
        ("done", "starting the private server …\ndone\n"),
    ],
)
def test_the_comparison_takes_what_may_differ(shown: str, printed: str) -> None:
    assert matches(shown, printed)


@pytest.mark.parametrize(
    ("shown", "printed"),
    [("a", "a\nb"), ("a\n...\nz", "a\nb"), ("+ 202405131015", "+ 202406141200"), ("2 s", "3 s")],
)
def test_the_comparison_refuses_everything_else(shown: str, printed: str) -> None:
    assert not matches(shown, printed)
