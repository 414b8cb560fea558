"""A header is what the module would have, or nothing."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from pgrevise.history.headers import NAMES, Header, header

PLAIN = '''"""Create jobs.

More of it.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import (
    JSONB,  # the revision's
    UUID,
)

# revision identifiers, used by Alembic.
revision: str = "202405131015"
down_revision: str | Sequence[str] | None = ("202405131014", "202405131013")
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
replaces: tuple[str, ...] = (
    "202405131011",
    "202405131012",
)

status = sa.Enum("a", "b", name="status")


def upgrade() -> None:
    # This revision creates nothing.
    op.execute("SELECT 1")
'''
TOLD = [
    PLAIN,
    "revision = 'a'\ndown_revision = None\n",
    "'one line'\nrevision = 'a'\ndown_revision = ['b', 'c']\n",
    '#!/usr/bin/env python\n# coding: utf-8\n"""doc"""\nrevision = "a"\ndown_revision = None\n',
    '# -*- coding: latin-1 -*-\n"""d"""\nrevision = "a"\ndown_revision = None\n',
    '\ufeff"""doc"""\nrevision = "a"\ndown_revision = None\n',
    '"""doc"""\r\nrevision = "a"\r\ndown_revision = None\r\n',
    'r"""do\\c"""\nrevision = "a"\ndown_revision = None\n',
    '"""a \\"quoted\\" doc\\n"""\nrevision = "a"\ndown_revision = None\n',
    '("doc")\nrevision = "a"\ndown_revision = None\n',
    '"""doc""" + "more"\nrevision = "a"\ndown_revision = None\n',
    '"""doc"""; x = 1\nrevision = "a"\ndown_revision = None\n',
    '"""doc\n\n    indented\n      more\n    """\nrevision = "a"\ndown_revision = None\n',
    '"""überschrift"""\nrevision = "a"\ndown_revision = None\n',
    '"""d"""\nrevision = "a\\x62"\ndown_revision = "a" "b"\n',
    '"""d"""\nrevision = ("a")\ndown_revision = ()\ndepends_on = ["x"]\nbranch_labels = "l"\n',
    '"""d"""\nSQL = """\nrevision = \'b\'\n"""\nrevision = "a"\ndown_revision = None\n',
    '"""d"""\nrevision = "a"\ndown_revision = None\nnote = dict(\nrevision="b",\n)\n',
    '"""d"""\nrevision = "a"\ndown_revision = None\ndef f():\n    revision = 1\n',
    '"""d"""\nrevision = "a"\ndown_revision = None\nclass F:\n    revision = 1\n',
    '"""d"""\nrevision = "a"; down_revision = "b"\n',
    '"""d"""\nimport os.path as p, sys\nrevision = "a"  # here\ndown_revision = "b"\n',
]
NOT_TOLD = [
    "",
    "revision = 'a'\n",
    "down_revision = 'a'\n",
    "revision = 1\ndown_revision = None\n",
    "revision = 'a'\ndown_revision = None\ndef upgrade(:\n    revision\n",
    "revision = f'a'\ndown_revision = None\n",
    "revision = 'a'.strip()\ndown_revision = None\n",
    "revision = 'a'\ndown_revision = revision\n",
    "revision = 'a'\ndown_revision = {'b', 'c'}\n",
    "revision = 'a'\ndown_revision = ('b', 1)\n",
    "revision: str\ndown_revision = None\n",
    "from ids import *\nrevision = 'a'\ndown_revision = None\n",
    "revision = 'a'\ndown_revision = None\nreplaces = None\n",
    "# coding: latin-1\n# \xe9\nrevision = 'a'\ndown_revision = None\n".encode("latin-1"),
    b"revision = 'a'\ndown_revision = None\n\xff",
    b"revision = 'a'\ndown_revision = None\n\0",
]
#: After a header that is plain, whatever gives one of its names another value.
REBOUND = [
    "revision = 'b'",
    "revision += 'b'",
    "from ids import revision",
    "from ids import it as down_revision",
    "import depends_on.it",
    "from ids import *",
    "if True:\n    down_revision = 'b'",
    "for revision in 'bc': pass",
    "with open('x') as revision: pass",
    "try:\n    pass\nexcept OSError as revision: pass",
    "match 1:\n    case revision: pass",
    "def branch_labels(): pass",
    "class depends_on: pass",
    "def f(x=(revision := 'b')): pass",
    "def f():\n    global revision\n    revision = 'b'\nf()",
    "del down_revision",
    "globals()['rev' + 'ision'] = 'b'",
    "vars()['rev' + 'ision'] = 'b'",
    "exec('rev' + 'ision = 1')",
    "import sys\nsetattr(sys.modules[__name__], 'rev' + 'ision', 'b')",
    "me = __import__(__name__)\nme.revision = 'b'",
    "__doc__ = 'another'",
    "def __getattr__(name): return 'b'",
    "\uff52evision = 'b'",
    "(revision, other) = 'bc'",
    "revision: str = 'b'",
]


def executed(source: str) -> Header:
    """What the module has, when it runs."""
    module: dict[str, Any] = {}
    encoded = source.encode("latin-1" if "latin-1" in source else "utf-8")
    exec(compile(encoded, "revision", "exec", dont_inherit=True), module)  # noqa: S102 - our text
    found = {name: module[name] for name in NAMES if name in module}
    lists = {name: tuple(value) for name, value in found.items() if isinstance(value, list)}
    return Header(**found | lists, doc=module.get("__doc__"))


@pytest.mark.parametrize("source", TOLD)
def test_a_header_is_what_the_module_has(source: str) -> None:
    assert header(source.encode()) == executed(source)


@pytest.mark.parametrize("source", NOT_TOLD)
def test_what_only_running_the_file_tells_is_not_guessed(source: str | bytes) -> None:
    assert header(source if isinstance(source, bytes) else source.encode()) is None


@pytest.mark.parametrize("more", REBOUND)
@pytest.mark.parametrize("plain", [PLAIN, "revision = 'a'\ndown_revision = None\n"])
def test_a_name_that_may_get_another_value_is_not_trusted(plain: str, more: str) -> None:
    assert header(f"{plain}\n\n{more}\n".encode()) is None


def test_the_subject_is_the_first_paragraph() -> None:
    found = header(PLAIN.encode())
    assert found is not None
    assert found.subject == "Create jobs."


def test_a_file_of_any_size_is_read_without_recursion_limits() -> None:
    deep = "x = " + "(" * 150 + "1" + ")" * 150
    source = (
        f"revision = 'a'\ndown_revision = None\n{deep}\nlong = {'-' * sys.getrecursionlimit()}1\n"
    )
    header(source.encode())
