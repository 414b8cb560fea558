"""The layout is what Alembic reads from the same files, or it is left to Alembic."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from pgrevise.history.layout import layout
from pgrevise.settings import Settings

TOLD = [
    ("script_location = %(here)s/migrations", ""),
    ("script_location = migrations", ""),
    ("script_location = %(here)s/migrations\nrecursive_version_locations = true", ""),
    (
        "script_location = %(here)s/migrations\npath_separator = os\n"
        "version_locations = %(here)s/a:%(here)s/b",
        "",
    ),
    (
        "script_location = migrations\npath_separator = newline\n"
        "version_locations = \n  %(here)s/a\n  b",
        "",
    ),
    ("script_location = migrations\npath_separator = space\nversion_locations = a  b", ""),
    ("", 'script_location = "%(here)s/migrations"\nversion_locations = ["%(here)s/a", "b"]'),
    ("script_location = migrations", 'script_location = "elsewhere"'),
    ("", 'script_location = "migrations"\nrecursive_version_locations = true'),
]
NOT_TOLD = [
    ("", ""),
    ("script_location = elsewhere", ""),
    ("script_location = app:migrations", ""),
    ("script_location = %(there)s/migrations", ""),
    ("script_location = migrations\nversion_locations = a b", ""),
    ("script_location = migrations\nversion_path_separator = os\nversion_locations = a:b", ""),
    ("script_location = migrations\npath_separator = comma", ""),
    ("script_location = migrations\nsourceless = true", ""),
    ("script_location = migrations\nrecursive_version_locations = yes", ""),
    ("", 'script_location = "migrations"\nversion_locations = "a:b"'),
    ("", 'script_location = "migrations"\nrecursive_version_locations = "true"'),
    ("", 'script_location = "100%"'),
    ("", "script_location = 1"),
]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("migrations", "a", "b"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def configured(root: Path, ini: str, toml: str) -> Settings:
    (root / "alembic.ini").write_text(f"[alembic]\n{ini}\n")
    (root / "pyproject.toml").write_text(f"[tool.alembic]\n{toml}\n")
    return Settings(root, root / "alembic.ini")


@pytest.mark.parametrize(("ini", "toml"), TOLD)
def test_the_layout_is_alembics(root: Path, ini: str, toml: str) -> None:
    settings = configured(root, ini, toml)
    loaded = ScriptDirectory.from_config(
        Config(str(settings.alembic_ini), toml_file=str(root / "pyproject.toml"))
    )
    found = layout(settings)
    assert found is not None
    assert found.scripts == str(Path(loaded.dir).absolute())
    assert found.locations == tuple(map(str, loaded._version_locations))
    assert found.recursive == loaded.recursive_version_locations


@pytest.mark.parametrize(("ini", "toml"), NOT_TOLD)
def test_what_is_unusual_is_left_to_alembic(root: Path, ini: str, toml: str) -> None:
    assert layout(configured(root, ini, toml)) is None


def test_a_configuration_that_cannot_be_read_is_left_to_alembic(root: Path) -> None:
    assert layout(Settings(root, root / "gone.ini")) is None
    (root / "alembic.ini").write_text("script_location = migrations\n")
    assert layout(Settings(root, root / "alembic.ini")) is None
