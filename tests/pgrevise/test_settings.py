from pathlib import Path

import pytest

from pgrevise import settings
from pgrevise.errors import SettingsError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "alembic.ini").write_text("[alembic]\n")
    return tmp_path


def pyproject(root: Path, text: str) -> None:
    (root / "pyproject.toml").write_text(f"[tool.pgrevise]\n{text}\n")


def test_defaults_without_a_pyproject(root: Path) -> None:
    found = settings.load(root, environ={})
    assert (found.root, found.postgres, found.lock_timeout) == (root, 0, 2.0)
    assert found.sources == {}


def test_the_project_is_found_from_a_folder_below(root: Path) -> None:
    below = root / "a" / "b"
    below.mkdir(parents=True)
    assert settings.load(below, environ={}).root == root


def test_a_pyproject_that_configures_alembic_wants_an_ini_beside_it(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.alembic]\nscript_location = "migrations"\n')
    with pytest.raises(SettingsError, match=r"has \[tool.alembic\]") as refused:
        settings.load(tmp_path)
    assert "single line [alembic]" in refused.value.next_step


def test_no_alembic_ini_is_said_with_the_folder(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=f"no alembic.ini in {tmp_path}"):
        settings.load(tmp_path)


def test_pyproject_sets_and_remembers(root: Path) -> None:
    pyproject(root, "postgres = 16\nlock_timeout = 0.5")
    found = settings.load(root, environ={})
    assert (found.postgres, found.lock_timeout) == (16, 0.5)
    assert found.sources["postgres"] == settings.TABLE


def test_the_environment_wins(root: Path) -> None:
    pyproject(root, "postgres = 16")
    found = settings.load(root, environ={"PGREVISE_POSTGRES": "18"})
    assert found.postgres == 18
    assert found.sources["postgres"] == "PGREVISE_POSTGRES"


def test_a_list_can_come_from_the_environment(root: Path) -> None:
    found = settings.load(root, environ={"PGREVISE_DEVELOPMENT_DATABASES": "a_*,b"})
    assert found.development_databases == ("a_*", "b")


def test_an_unknown_setting_is_named(root: Path) -> None:
    pyproject(root, "postgers = 16")
    with pytest.raises(SettingsError, match="'postgers', which is no setting"):
        settings.load(root, environ={})


@pytest.mark.parametrize(
    ("variable", "value"),
    [("PGREVISE_POSTGRES", "new"), ("PGREVISE_LOCK_TIMEOUT", "-1"), ("PGREVISE_RETRY_FOR", "inf")],
)
def test_a_value_of_the_wrong_kind_is_shown(root: Path, variable: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"{variable} sets .* to {value!r}"):
        settings.load(root, environ={variable: value})


def test_broken_toml_is_said(root: Path) -> None:
    (root / "pyproject.toml").write_text("[tool.pgrevise\n")
    with pytest.raises(SettingsError, match="not valid TOML"):
        settings.load(root, environ={})


def test_a_version_is_a_whole_number(root: Path) -> None:
    pyproject(root, "postgres = 17.5")
    with pytest.raises(SettingsError, match=r"17\.5, which is not a whole number"):
        settings.load(root, environ={})


def test_something_else_than_a_table_is_refused(root: Path) -> None:
    (root / "pyproject.toml").write_text("[tool]\npgrevise = 3\n")
    with pytest.raises(SettingsError, match="is 3, which is no table"):
        settings.load(root, environ={})


def test_rules_of_the_rehearsal_are_allowed_in_a_table(root: Path) -> None:
    pyproject(root, '[tool.pgrevise.rehearsal.allow]\njson-column = "never compared"')
    assert settings.load(root, environ={}).rehearsal_allow == (("json-column", "never compared"),)


def test_rules_of_the_rehearsal_can_be_allowed_in_the_environment(root: Path) -> None:
    found = settings.load(root, environ={"PGREVISE_REHEARSAL_ALLOW": "a-rule=so it is; other=why"})
    assert found.rehearsal_allow == (("a-rule", "so it is"), ("other", "why"))


def test_an_allowed_rule_needs_a_reason_in_words(root: Path) -> None:
    pyproject(root, "[tool.pgrevise.rehearsal.allow]\njson-column = true")
    with pytest.raises(SettingsError, match="not a table of reasons"):
        settings.load(root, environ={})


def test_an_unknown_setting_of_the_rehearsal_is_named(root: Path) -> None:
    pyproject(root, "[tool.pgrevise.rehearsal]\nalow = {}")
    with pytest.raises(SettingsError, match="'rehearsal_alow', which is no setting"):
        settings.load(root, environ={})


def test_the_settings_of_the_rehearsal_are_a_table(root: Path) -> None:
    pyproject(root, "rehearsal = 3")
    with pytest.raises(SettingsError, match="which is no table"):
        settings.load(root, environ={})


def test_hints_for_rows_are_expressions_and_lists(tmp_path: Path) -> None:
    (tmp_path / "alembic.ini").touch()
    table = '[tool.pgrevise.rows]\n"a.b" = "i + 1"\n"a.c" = ["x", "y"]\n'
    (tmp_path / "pyproject.toml").write_text(table)
    assert settings.load(tmp_path, {}).rows == (("a.b", "i + 1"), ("a.c", ("x", "y")))


def test_a_hint_that_is_a_number_is_refused(tmp_path: Path) -> None:
    (tmp_path / "alembic.ini").touch()
    (tmp_path / "pyproject.toml").write_text('[tool.pgrevise.rows]\n"a.b" = 1\n')
    with pytest.raises(SettingsError, match=r"rows to .*, which is not a table of columns"):
        settings.load(tmp_path, {})
