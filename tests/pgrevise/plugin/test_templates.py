"""Templates: when a new one is built, by whom, and that nothing is left behind."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psycopg
import pytest

from pgrevise.errors import ServerUnavailable
from pgrevise.history.digest import history_digest
from pgrevise.postgres.connect import connect
from pgrevise.postgres.reuse import MOST_KEPT
from pgrevise.postgres.target import Target
from pgrevise.postgres.templates import MOST_PENDING, Templates, open_templates
from tests.pgrevise.conftest import Project


def build(target: Target) -> None:
    with connect(target) as connection:
        connection.execute("CREATE TABLE jobs ()")


@pytest.fixture
def digest() -> str:
    """The digest of a history that no other test has."""
    return secrets.token_hex(8)


@pytest.fixture
def databases(server: Target) -> Callable[[str], set[str]]:
    def named(part: str) -> set[str]:
        with connect(server) as connection:
            found = connection.execute("SELECT datname FROM pg_database").fetchall()
        return {name for (name,) in found if part in name}

    return named


def test_the_digest_is_of_content_and_not_of_times(history: Project) -> None:
    before = history_digest(history.settings)
    for path in history.versions.iterdir():
        os.utime(path, (1, 1))
    (history.versions / "__pycache__").mkdir()
    (history.versions / "__pycache__" / "x.pyc").write_bytes(b"x")
    assert history_digest(history.settings) == before


@pytest.mark.parametrize("changed", ["revision", "new", "name", "env", "ini", "sql"])
def test_the_digest_changes_with_the_history(history: Project, changed: str) -> None:
    before = history_digest(history.settings)
    first = sorted(history.versions.iterdir())[0]
    paths = {
        "revision": first,
        "new": history.versions / "x.py",
        "env": history.root / "migrations" / "env.py",
        "ini": history.root / "alembic.ini",
        "sql": history.root / "migrations" / "view.sql",
    }
    if changed == "name":
        first.rename(first.with_name("y.py"))
    else:
        with paths[changed].open("a") as file:
            file.write("\n")
    assert history_digest(history.settings) != before


def test_two_builders_at_once_build_one_template(
    history: Project, server: Target, digest: str
) -> None:
    built: list[str] = []

    def slowly(target: Target) -> None:
        built.append(target.database)
        time.sleep(0.2)
        build(target)

    def make(_: int) -> str:
        with open_templates(history.settings, server, digest) as templates:
            with connect(templates.clone(slowly)) as connection:
                connection.execute("TABLE jobs")
            return templates.name()

    with ThreadPoolExecutor(3) as pool:
        assert len(set(pool.map(make, range(3)))) == 1
    assert len(built) == 1


def test_nothing_is_left_of_clones(
    history: Project, server: Target, digest: str, databases: Callable[[str], set[str]]
) -> None:
    with open_templates(history.settings, server, digest) as templates:
        names = {templates.clone(build).database for _ in range(30)}
        held = connect(server.with_database(min(names)))
        for name in names:
            templates.drop(server.with_database(name))
        assert len(names & databases("")) == MOST_KEPT + MOST_PENDING
    held.close()
    assert names & databases("") == set()


def test_what_a_killed_process_left_is_dropped_by_the_next(
    history: Project, server: Target, digest: str
) -> None:
    admin = connect(server)
    killed = Templates(history.settings, server, admin, digest)
    alive = killed.empty().database
    with open_templates(history.settings, server, digest) as other:
        assert other._exists(alive)
    admin.close()
    for _ in range(50):
        with open_templates(history.settings, server, digest) as other:
            if not other._exists(alive):
                return
        time.sleep(0.02)
    pytest.fail("the clone is still there")


def test_a_template_of_another_history_is_dropped_when_a_new_one_is_built(
    history: Project, server: Target, digest: str
) -> None:
    with open_templates(history.settings, server, digest) as templates:
        old = templates.template(build)
    with open_templates(history.settings, server, digest + "x") as templates:
        new = templates.template(build)
        assert (templates._exists(old), templates._exists(new)) == (False, True)


def test_a_build_that_fails_leaves_nothing(
    history: Project, server: Target, digest: str, databases: Callable[[str], set[str]]
) -> None:
    with open_templates(history.settings, server, digest) as templates:
        with pytest.raises(psycopg.errors.SyntaxError):
            templates.clone(_fail)
        assert not templates._exists(templates.name())
        assert databases(templates._token) == set()


def test_nobody_can_connect_to_a_template(history: Project, server: Target, digest: str) -> None:
    with open_templates(history.settings, server, digest) as templates:
        template = templates.template(build)
        with pytest.raises(ServerUnavailable, match="not currently accepting connections"):
            connect(server.with_database(template))


def test_a_role_that_may_not_create_databases_is_told_so(
    history: Project, server: Target, digest: str
) -> None:
    role = f"plain_{secrets.token_hex(4)}"
    with connect(server) as admin:
        admin.execute(f"CREATE ROLE {role} LOGIN".encode())
    try:
        with (
            pytest.raises(ServerUnavailable, match=f"ALTER ROLE {role} CREATEDB"),
            open_templates(history.settings, replace(server, user=role), digest),
        ):
            pass
    finally:
        with connect(server) as admin:
            admin.execute(f"DROP ROLE {role}".encode())


def _fail(target: Target) -> None:
    with connect(target) as connection:
        connection.execute("nonsense")
