"""Write the reference of the tasks from what `invoke --help` says of them.

Run `python docs/make_reference.py` after changing a task; a test compares the two.
"""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from invoke.collection import Collection

from pgrevise.tasks import namespace

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reference" / "tasks.md"

INTRODUCTION = """\
# Tasks

<!-- Generated from `invoke --help` by docs/make_reference.py: do not edit by hand. -->

`invoke --list` lists the tasks, `invoke --help db.upgrade` explains one. Where a word can be given
without the name of its option, the first line of the task shows it in brackets. Results go to
standard output and all talk to standard error; with `--json`, standard output is one JSON
document. What a task exits with is in [exit codes](exit-codes.md).
"""


def page() -> str:
    """The whole page."""
    tasks = namespace()
    names = task_names(tasks)
    with ThreadPoolExecutor(max_workers=4) as pool:
        helps = list(pool.map(help_text, names))
    sections = [section(tasks, name, told) for name, told in zip(names, helps, strict=True)]
    return "\n".join([INTRODUCTION, *sections])


def task_names(tasks: Collection) -> list[str]:
    """The tasks' names, a collection after the other, each in the order of its definition."""
    return [
        f"{group}.{name}"
        for group, collection in tasks.collections.items()
        for name in collection.tasks
    ]


def section(tasks: Collection, name: str, told: str) -> str:
    """One task: how it is called, and its help."""
    words = "".join(f" [{word.upper()}]" for word in tasks[name].optional_positionals)
    return f"## {name}\n\n`invoke {name}{words}`\n\n```text\n{told}\n```\n"


def help_text(name: str) -> str:
    """What `invoke --help` prints for a task, but for its line on usage."""
    # A process each: Invoke can tell the help of a task only once.
    finished = subprocess.run(
        [sys.executable, "-m", "invoke", "--help", name],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    return finished.stdout.partition("Docstring:\n")[2].strip("\n")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
