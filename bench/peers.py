"""The peers, in an environment of their own: what we are measured beside, and nothing of ours."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from bench.timing import CommandFailed

PEERS = (
    "pytest-alembic==0.13.1",
    "pytest<=9.1.1",
    "pytest-postgresql>=7",
    "sqlalchemy>=2.1,<2.2",
    "psycopg[binary]>=3.3,<4",
)
#: Whose versions a report tells.
NAMED = ("pytest-alembic", "pytest-postgresql", "pytest", "alembic", "sqlalchemy", "psycopg")

_VERSIONS = """
import json, sys
from importlib.metadata import version
print(json.dumps({name: version(name) for name in sys.argv[1:]}))
"""


def install(folder: Path) -> Path:
    """An environment with the peers, and its Python. Made by uv, else by venv and pip.

    Raises CommandFailed with what the installer said.
    """
    python = folder / "bin" / "python"
    tool = shutil.which("uv")
    if tool is not None:
        _run(tool, "venv", "--quiet", "--python", sys.executable, str(folder))
        # Compiled here, as pip does, and not by the first of the runs that are measured.
        compiled = ("--compile-bytecode", "--python", str(python))
        _run(tool, "pip", "install", "--quiet", *compiled, *PEERS)
    else:
        venv.create(folder, with_pip=True)
        _run(str(python), "-m", "pip", "install", "--quiet", *PEERS)
    return python


def versions(python: Path) -> dict[str, str]:
    """What is installed there, of what is worth telling."""
    said = _run(str(python), "-c", _VERSIONS, *NAMED)
    found: dict[str, str] = json.loads(said)
    return found


def _run(*arguments: str) -> str:
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        raise CommandFailed(f"The peers cannot be installed: {done.stderr[-2000:]}")
    return done.stdout
