"""What figures depend on, besides the code: processors, memory, versions. No name, no path."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

from bench.peers import versions
from pgrevise.postgres.connect import connect
from pgrevise.postgres.target import Target

OURS = ("alembic", "invoke", "sqlalchemy", "psycopg", "pytest")


def facts(server: Target, peers: Path | None) -> dict[str, str]:
    """A value for each word."""
    with connect(server) as connection:
        postgres = str(connection.info.parameter_status("server_version"))
    found = {
        "processors": str(os.cpu_count()),
        "memory": f"{_memory() / 2**30:.0f} GB",
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        "PostgreSQL": postgres,
        **{name: version(name) for name in OURS},
    }
    told = versions(peers) if peers is not None else {}
    return found | {
        name if name.startswith("pytest-") else f"{name} (of the peers)": value
        for name, value in told.items()
        if found.get(name) != value
    }


def _memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
