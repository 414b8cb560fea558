"""The words a revision is named by, and its minute."""

from __future__ import annotations

import ast
import re
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from pgrevise.authoring.write import Written, new_revision
from pgrevise.errors import UsageError
from pgrevise.history.listing import listing
from pgrevise.history.names import FILE_NAME
from tests.pgrevise.conftest import Project
from tests.pgrevise.tasks.conftest import Refused


def subject(written: Written) -> str:
    assert written.path is not None
    tree = ast.parse(written.path.read_text(encoding="utf-8"))
    return (ast.get_docstring(tree, clean=False) or "").partition("\n")[0]


@pytest.mark.parametrize(
    ("message", "slug"),
    [
        ("add a column", "add_a_column"),
        ("say \"hello\" and 'bye'", "say_hello_and_bye"),
        ('end with a quote"', "end_with_a_quote"),
        ('close """ it', "close_it"),
        ('""" + __import__("os").abort() + """', "import_os_abort"),
        ("back\\slash \\", "back_slash"),
        ('ends in \\"', "ends_in"),
        ("café: 100 % ${naïve} %(here)s", "cafe_100_naive_here_s"),
        ("größe ändern 名前", "große_andern".replace("ß", "")),
        ("../../etc/passwd", "etc_passwd"),
        ("x " * 250, None),
        ("y" * 500, "y" * 60),
    ],
)
def test_a_message_is_kept_whole_and_its_slug_names_the_file(
    bare_project: Project, message: str, slug: str | None
) -> None:
    written = new_revision(bare_project.settings, message, empty=True)
    assert written.path is not None
    assert subject(written) == message.strip()
    name = FILE_NAME.fullmatch(written.path.name)
    assert name is not None
    assert len(name["slug"]) <= 60
    assert slug is None or name["slug"] == slug
    assert [e.subject for e in listing(bare_project.settings)] == [message.strip()]


@pytest.mark.parametrize("message", ["", "  ", "a\nb", "a\rb", "a\x00b", "名前", "!?", "a\u2028b"])
def test_a_message_that_names_nothing_is_refused(bare_project: Project, message: str) -> None:
    with pytest.raises(UsageError):
        new_revision(bare_project.settings, message, empty=True)
    assert list(bare_project.versions.iterdir()) == []


@pytest.mark.parametrize(
    "command",
    [
        ("invoke", "db.new"),
        ("invoke", "db.new", "two\nlines"),
        ("invoke", "db.merge"),
        ("alembic", "revision", "-m", "名前"),
        ("alembic", "revision"),
    ],
)
def test_both_doors_refuse_a_message_that_names_nothing(
    bare_project: Project, refused: Refused, command: tuple[str, ...]
) -> None:
    done = refused(bare_project, *command, code=2)
    assert "message" in done.stderr


def test_a_second_revision_within_the_minute_gets_the_next_one(bare_project: Project) -> None:
    first, second = (new_revision(bare_project.settings, m, empty=True) for m in ("a", "b"))
    assert first.revision
    assert second.revision
    assert int(second.revision) > int(first.revision)
    assert [e.parents for e in listing(bare_project.settings)] == [(), (first.revision,)]


def test_two_writers_at_once_give_one_line_of_history(bare_project: Project) -> None:
    writers = [
        subprocess.Popen(
            bare_project.command("invoke", "db.new", f"writer {n}", "--empty"),
            cwd=bare_project.root,
            env=bare_project.variables(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for n in range(3)
    ]
    outputs = [writer.communicate(timeout=60) for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0, 0], outputs
    entries = listing(bare_project.settings)
    assert len(entries) == 3
    for parent, child in pairwise(entries):
        assert child.parents == (parent.revision,)


def test_the_written_file_is_told_and_has_the_identifier(bare_project: Project) -> None:
    done = bare_project.run("invoke", "db.new", "a first one", "--empty")
    path = Path(done.stdout.strip())
    identifier = path.name.partition("_")[0]
    text = (bare_project.root / path).read_text()
    assert re.search(rf'^revision: str = [\'"]{identifier}[\'"]$', text, re.MULTILINE)
