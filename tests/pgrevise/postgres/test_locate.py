"""Which database is meant, and the words that say why."""

from __future__ import annotations

import pytest

from pgrevise.errors import NotPostgres, SettingsError
from pgrevise.postgres.locate import development_server, named_target
from tests.pgrevise.conftest import Project

URL = "postgresql://u:p@{}.example.com/d"


def configure(project: Project, url: str) -> None:
    ini = project.root / "alembic.ini"
    ini.write_text(f"{ini.read_text()}sqlalchemy.url = {url}\n")


def test_nothing_named_means_the_private_server(bare_project: Project) -> None:
    assert named_target(bare_project.settings) is None
    (bare_project.root / ".env").write_text("OTHER=1\nDATABASE_URL=\n")
    configure(bare_project, "")
    assert named_target(bare_project.settings) is None
    spec = development_server(bare_project.settings)
    assert (spec.kind, spec.project) == ("development", bare_project.root)


def test_the_first_that_is_set_wins_and_is_named(
    bare_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []

    def look(url: str | None = None) -> None:
        target = named_target(bare_project.settings, url)
        assert target is not None
        found.append((target.place.partition(".")[0], target.origin))

    (bare_project.root / ".env").write_text(f"DATABASE_URL={URL.format('file')}\n")
    look()
    monkeypatch.setenv("DATABASE_URL", URL.format("variable"))
    look()
    configure(bare_project, URL.format("ini"))
    look()
    look(URL.format("option"))
    assert found == [
        ("file", f"DATABASE_URL in {bare_project.root / '.env'}"),
        ("variable", "the environment variable DATABASE_URL"),
        ("ini", "sqlalchemy.url in alembic.ini"),
        ("option", "--url"),
    ]


@pytest.mark.parametrize(
    ("line", "password"),
    [
        ("DATABASE_URL=postgresql://u:a%40b@h/d", "a@b"),
        ("export DATABASE_URL='postgresql://u:$HOME${x}@h/d'", "$HOME${x}"),
        ('DATABASE_URL="postgresql://u:a#b@h/d"  # a comment', "a#b"),
        ("DATABASE_URL=postgresql://u:a#b@h/d", "a#b"),
    ],
)
def test_a_password_in_dotenv_is_taken_as_it_is_written(
    bare_project: Project, line: str, password: str
) -> None:
    (bare_project.root / ".env").write_text(f"{line}\n")
    target = named_target(bare_project.settings)
    assert target is not None
    assert target.password == password


def test_a_doubled_percent_sign_in_the_ini_is_one(bare_project: Project) -> None:
    configure(bare_project, "postgresql://u:a%%40b@h/d")
    target = named_target(bare_project.settings)
    assert target is not None
    assert target.password == "a@b"


def test_a_single_percent_sign_in_the_ini_is_told(bare_project: Project) -> None:
    configure(bare_project, "postgresql://u:s3cret%40b@h/d")
    with pytest.raises(SettingsError, match="not doubled") as told:
        named_target(bare_project.settings)
    assert "s3cret" not in str(told.value)


@pytest.mark.parametrize(
    "text",
    [
        "sqlalchemy.url = postgresql://u:s3cret@h/d\n",
        "[alembic]\nno_value_s3cret\n",
        "[alembic]\nsqlalchemy.url = postgresql://u:s3cret%(no)s@h/d\n",
        "[alembic]\nsqlalchemy.url = postgresql://u:s3cret@h/d\nsqlalchemy.url = s3cret\n",
    ],
)
def test_an_ini_that_cannot_be_read_is_told(bare_project: Project, text: str) -> None:
    (bare_project.root / "alembic.ini").write_text(text)
    with pytest.raises(SettingsError, match="cannot be read") as told:
        named_target(bare_project.settings)
    assert "s3cret" not in str(told.value)


def test_a_url_of_another_backend_says_where_it_was_found(bare_project: Project) -> None:
    configure(bare_project, "sqlite:///x.db")
    with pytest.raises(NotPostgres, match=r"sqlalchemy\.url in alembic\.ini"):
        named_target(bare_project.settings)


@pytest.mark.parametrize("name", [".env", "alembic.ini"])
def test_a_file_that_is_not_utf_8_is_told(bare_project: Project, name: str) -> None:
    (bare_project.root / name).write_bytes(b"DATABASE_URL=\xff\xfe\n")
    with pytest.raises(SettingsError, match="not UTF-8"):
        named_target(bare_project.settings)
