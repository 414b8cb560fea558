"""The archived revisions, replayed on a file; and the live environment, which refuses that file.

Nothing of the live environment is imported or read here.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

ARCHIVE = Path(__file__).parent / "archive"
REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where the file will be."""
    return tmp_path / "archive.db"


@pytest.fixture
def config(database: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """The harness's own configuration, with the live one's variables gone."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    config = Config()
    config.set_main_option("script_location", str(ARCHIVE).replace("%", "%%"))
    config.set_main_option("sqlalchemy.url", f"sqlite:///{database}".replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def dump(database: Path) -> str:
    """The whole file as SQL."""
    with closing(sqlite3.connect(database)) as connection:
        return "".join(f"{line}\n" for line in connection.iterdump())


def test_the_revisions_end_in_the_archived_dump(config: Config, database: Path) -> None:
    command.upgrade(config, "head")

    assert dump(database) == (ARCHIVE / "dump.sql").read_text(encoding="utf-8")


def test_one_at_a_time_they_end_in_the_same(config: Config, database: Path) -> None:
    for revision in ("0001", "0002", "0003"):
        command.upgrade(config, revision)

    assert dump(database) == (ARCHIVE / "dump.sql").read_text(encoding="utf-8")


def test_downgraded_to_base_they_leave_nothing(config: Config, database: Path) -> None:
    command.upgrade(config, "head")

    command.downgrade(config, "base")

    with closing(sqlite3.connect(database)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        assert tables.fetchall() == [("alembic_version",)]
        assert connection.execute("SELECT * FROM alembic_version").fetchall() == []


def test_the_live_environment_refuses_the_file(config: Config, database: Path) -> None:
    command.upgrade(config, "head")
    before = database.read_bytes()

    refused = subprocess.run(
        [sys.executable, "-m", "alembic", "-x", f"url=sqlite:///{database}", "current"],
        cwd=REPOSITORY,
        env={name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert refused.returncode == 3, refused.stderr
    assert "PostgreSQL" in refused.stderr
    assert "Traceback" not in refused.stderr + refused.stdout
    assert database.read_bytes() == before
