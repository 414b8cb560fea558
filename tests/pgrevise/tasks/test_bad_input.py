"""A database that cannot be worked on: each gets a sentence, a next step and its exit code."""

from __future__ import annotations

import json
import socket
from urllib.parse import quote

import pytest

from pgrevise.postgres.connect import connect
from pgrevise.postgres.locate import named_target
from pgrevise.postgres.target import Target
from tests.pgrevise.conftest import Project
from tests.pgrevise.tasks.conftest import PASSWORD, Refused

DOORS = [("invoke", "db.upgrade"), ("alembic", "upgrade", "head")]
both_doors = pytest.mark.parametrize("door", DOORS, ids=["invoke", "alembic"])


@pytest.fixture
def written(project: Project) -> Project:
    """A project with one revision that is not applied yet."""
    project.revision("202401010000", "op.execute('CREATE TABLE a (n int)')", "op.drop_table('a')")
    return project


@pytest.mark.parametrize(
    ("door", "url", "code", "words"),
    [
        (DOORS[0], "sqlite:///app.db", 3, "sqlite"),
        (DOORS[1], "sqlite:///app.db", 3, "sqlite"),
        (DOORS[0], "mysql+pymysql://u:s3cret@h/d", 3, "mysql"),
        (DOORS[1], "nonsense", 2, "not a URL"),
        (DOORS[0], "postgresql://u:s3cret@h:port/d", 2, "host or port"),
        (DOORS[1], "postgresql://u:s3cret@127.0.0.1:1/d?no_such=1", 2, "no_such"),
    ],
)
def test_another_backend_or_a_malformed_url(
    written: Project, refused: Refused, door: tuple[str, ...], url: str, code: int, words: str
) -> None:
    done = refused(written, *door, code=code, DATABASE_URL=url)
    assert words in done.stderr
    assert "s3cret" not in done.stdout + done.stderr
    assert not (written.root / "app.db").exists()


@both_doors
def test_a_server_that_is_down(written: Project, refused: Refused, door: tuple[str, ...]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    url = f"postgresql://u:s3cret@127.0.0.1:{port}/d"
    done = refused(written, *door, code=3, DATABASE_URL=url)
    assert f"127.0.0.1:{port}/d" in done.stderr
    assert "DATABASE_URL" in done.stderr
    assert "s3cret" not in done.stdout + done.stderr


@both_doors
def test_a_database_that_is_not_there(
    written: Project, server: Target, refused: Refused, door: tuple[str, ...]
) -> None:
    url = server.with_database("no such database").url
    done = refused(written, *door, code=3, DATABASE_URL=url)
    assert "no database of that name" in done.stderr
    assert "createdb" in done.stderr


@both_doors
def test_a_server_older_than_supported(
    written: Project, old_server: str, refused: Refused, door: tuple[str, ...]
) -> None:
    done = refused(written, *door, code=3, DATABASE_URL=old_server)
    assert "PostgreSQL 13" in done.stderr
    assert "pw-s3cret" not in done.stdout + done.stderr


def as_app(server: Target, password: str) -> str:
    return server.url.replace("//postgres@", f"//app:{password}@").replace("/postgres?", "/app?")


@both_doors
@pytest.mark.parametrize("password", ["wr0ng-word", quote("wr0ng/@word#", safe="")])
def test_a_wrong_password(
    written: Project, locked_server: Target, refused: Refused, door: tuple[str, ...], password: str
) -> None:
    done = refused(written, *door, code=3, DATABASE_URL=as_app(locked_server, password))
    assert "refused the user name or password" in done.stderr
    for secret in (password, "wr0ng"):
        assert secret not in done.stdout + done.stderr


def test_no_password(written: Project, locked_server: Target, refused: Refused) -> None:
    url = as_app(locked_server, "").replace("app:@", "app@")
    done = refused(written, "invoke", "db.upgrade", code=3, DATABASE_URL=url)
    assert "refused the user name or password" in done.stderr


@pytest.mark.parametrize(
    "password",
    [quote(PASSWORD, safe=""), PASSWORD.replace("%", "%25")],
    ids=["encoded", "unencoded"],
)
@pytest.mark.parametrize("line", [None, "DATABASE_URL={}", 'export DATABASE_URL="{}"'])
def test_special_characters_in_a_password(
    bare_project: Project,
    locked_server: Target,
    monkeypatch: pytest.MonkeyPatch,
    password: str,
    line: str | None,
) -> None:
    url = as_app(locked_server, password)
    if line is None:
        monkeypatch.setenv("DATABASE_URL", url)
    else:
        (bare_project.root / ".env").write_text(line.format(url) + "\n")
    target = named_target(bare_project.settings)
    assert target is not None
    with connect(target) as connection:
        assert connection.info.user == "app"


@both_doors
def test_a_password_is_not_shown_when_all_goes_well(
    bare_project: Project, locked_server: Target, door: tuple[str, ...]
) -> None:
    bare_project.revision("202401010000")
    url = as_app(locked_server, quote(PASSWORD, safe=""))
    (bare_project.root / ".env").write_text(f"DATABASE_URL={url}\n")
    done = bare_project.run(*door)
    assert done.returncode == 0, done
    for secret in (PASSWORD, quote(PASSWORD, safe="")):
        assert secret not in done.stdout + done.stderr


def test_a_percent_sign_that_is_not_doubled_in_the_ini(written: Project, refused: Refused) -> None:
    ini = written.root / "alembic.ini"
    ini.write_text(ini.read_text() + "sqlalchemy.url = postgresql://u:s3cret%40@h/d\n")
    done = refused(written, "invoke", "db.upgrade", code=2)
    assert "%%" in done.stderr
    assert "s3cret" not in done.stdout + done.stderr


@both_doors
def test_a_database_of_another_branch(
    written: Project, refused: Refused, door: tuple[str, ...]
) -> None:
    path = written.revision("202401010001", parent="202401010000")
    assert written.run("invoke", "db.upgrade").returncode == 0
    path.unlink()
    done = refused(written, *door, code=2)
    assert "202401010001" in done.stderr
    assert "another branch" in done.stderr


def test_reset_on_another_host(written: Project, refused: Refused) -> None:
    url = "postgresql://u:s3cret@db.example.com/app_dev"
    done = refused(written, "invoke", "db.reset", "--url", url, code=2)
    assert "--yes-destroy app_dev" in done.stderr
    assert "s3cret" not in done.stdout + done.stderr


def test_reset_of_a_database_that_is_not_for_development(
    written: Project, refused: Refused
) -> None:
    done = refused(written, "invoke", "db.reset", code=2)
    assert "is not a development database" in done.stderr


def test_reset_that_names_another_database(written: Project, refused: Refused) -> None:
    done = refused(written, "invoke", "db.reset", "--yes-destroy", "other", code=2)
    assert "'other'" in done.stderr


def test_a_failure_is_json_when_json_is_asked_for(written: Project, refused: Refused) -> None:
    done = refused(written, "invoke", "db.upgrade", "--json", code=3, DATABASE_URL="sqlite://")
    told = json.loads(done.stdout)
    assert told["exit_code"] == 3
    assert told["error"]
    assert told["next_step"]


def test_unknown_and_empty_x_arguments(written: Project, refused: Refused) -> None:
    assert "-x foo" in refused(written, "alembic", "-x", "foo=1", "upgrade", "head", code=2).stderr
    assert "-x url" in refused(written, "alembic", "-x", "url=", "upgrade", "head", code=2).stderr
