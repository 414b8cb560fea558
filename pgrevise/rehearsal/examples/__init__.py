"""The rules' examples, and how a project is made of one. What they look like is in the folders.

A folder is named for its rule. ``parent.sql`` is the schema before; ``unsafe.py`` is a revision
that the rule speaks about; ``safe.py``, or ``safe_1.py``, ``safe_2.py`` and so on, reach the same
end without. A rule about several revisions has ``unsafe_1.py`` and so on. ``env.py`` is there where
an example needs one of its own; ``options.toml`` where it is rehearsed with options, which are
named as in `Options`; ``models.py`` where there is released code: that is in a git repository then,
tagged "released", without the revisions that the example adds. A line "Also found: …" in a
revision's docstring names the rules that have something to say of it besides.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pgrevise.errors import UsageError
from pgrevise.rehearsal.options import Options

FOLDER = Path(__file__).parent
PARENT = "202601010000"

_INI = """\
[alembic]
script_location = %(here)s/migrations
prepend_sys_path = %(here)s
path_separator = os
file_template = %%(rev)s_%%(slug)s
"""
ENVIRONMENT = """\
from pgrevise import environment
from sqlalchemy import MetaData

environment.run(MetaData())
"""
_PARENT = """\
from pathlib import Path

from alembic import op

revision = "{revision}"
down_revision = None


def upgrade() -> None:
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text())


def downgrade() -> None:
    pass
"""
_ALSO = re.compile(r"Also found: (?P<rules>[\w\s,-]+)\.")


@dataclass(frozen=True)
class Example:
    """The files of one rule."""

    rule: str
    folder: Path

    @property
    def unsafe(self) -> tuple[Path, ...]:
        """The revision that the rule speaks about, or several, in their order."""
        return tuple(sorted(self.folder.glob("unsafe*.py")))

    @property
    def safe(self) -> tuple[Path, ...]:
        """The revisions that reach the same end, in their order."""
        return tuple(sorted(self.folder.glob("safe*.py")))

    @property
    def options(self) -> Options:
        """What it is rehearsed with."""
        own = self.folder / "options.toml"
        return Options(**tomllib.loads(own.read_text("utf-8"))) if own.is_file() else Options()

    @property
    def models(self) -> str:
        """The released code's models, "" when there is none."""
        own = self.folder / "models.py"
        return own.read_text("utf-8") if own.is_file() else ""


def examples() -> tuple[Example, ...]:
    """Every example, by its rule's name."""
    found = {path.parent for path in FOLDER.glob("*/unsafe*.py")}
    return tuple(Example(folder.name, folder) for folder in sorted(found))


def example(rule: str) -> Example:
    """The example of a rule. Raises `UsageError` when there is none."""
    folder = FOLDER / rule
    if not any(folder.glob("unsafe*.py")):
        raise UsageError(
            f"The rule {rule} has no example.", f"Write one: {folder.name}/unsafe.py and safe.py."
        )
    return Example(rule, folder)


def also_found(revision: Path) -> frozenset[str]:
    """The other rules that a revision's docstring says are found in it."""
    told = _ALSO.search(ast.get_docstring(ast.parse(revision.read_text("utf-8"))) or "")
    return frozenset(told["rules"].replace("\n", " ").replace(" ", "").split(",") if told else ())


def build(chosen: Example, revisions: Sequence[Path], root: Path) -> tuple[str, ...]:
    """Make an Alembic project of an example's revisions in an empty folder.

    Its first revision brings the example's ``parent.sql``. Returns the identifiers of the others,
    in their order.
    """
    own = chosen.folder / "env.py"
    environment = own.read_text("utf-8") if own.is_file() else ENVIRONMENT
    schema = (chosen.folder / "parent.sql").read_text("utf-8")
    lay_out(root, schema, {}, environment)
    if chosen.models:
        (root / "models.py").write_text(chosen.models, "utf-8")
        _release(root)
    return _add(root, {path.stem: path.read_text("utf-8") for path in revisions})


def lay_out(
    root: Path, schema: str, revisions: Mapping[str, str], environment: str = ENVIRONMENT
) -> tuple[str, ...]:
    """Make an Alembic project in an empty folder: a schema, and the texts of revisions on it.

    Returns the revisions' identifiers. Raises `UsageError` for a text that has none.
    """
    versions = root / "migrations" / "versions"
    versions.mkdir(parents=True)
    (root / "alembic.ini").write_text(_INI, "utf-8")
    (root / "migrations" / "env.py").write_text(environment, "utf-8")
    (root / "migrations" / "script.py.mako").write_text("", "utf-8")
    (versions / f"{PARENT}_parent.py").write_text(_PARENT.format(revision=PARENT), "utf-8")
    (versions / f"{PARENT}_parent.sql").write_text(schema, "utf-8")
    return _add(root, revisions)


def _add(root: Path, revisions: Mapping[str, str]) -> tuple[str, ...]:
    identifiers = []
    for name, text in revisions.items():
        identifiers.append(_identifier(name, text))
        path = root / "migrations" / "versions" / f"{identifiers[-1]}_{name}.py"
        path.write_text(text, "utf-8")
    return tuple(identifiers)


def _release(root: Path) -> None:
    """Make a git repository of a folder as it is, whose only commit is tagged "released"."""
    author = ("-c", "user.name=example", "-c", "user.email=example@example.com")
    plain = (*author, "-c", "commit.gpgsign=false", "-c", "tag.gpgsign=false")
    # A hook of git that runs this must not lead us into its own repository.
    surroundings = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    for arguments in (
        ("init", "--quiet"),
        ("add", "."),
        ("commit", "--quiet", "--message", "Release"),
        ("tag", "released"),
    ):
        subprocess.run(
            ["git", *plain, *arguments],
            cwd=root,
            env=surroundings,
            check=True,
            capture_output=True,
        )


def _identifier(name: str, text: str) -> str:
    found = re.search(r"^revision(?:: str)? = ['\"](?P<identifier>\w+)['\"]", text, re.MULTILINE)
    if found is None:
        raise UsageError(
            f"The revision {name} has no identifier.", 'Write it as revision = "202601010001".'
        )
    return found["identifier"]
