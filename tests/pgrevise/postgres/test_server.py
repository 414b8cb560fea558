"""What the private server promises its users: started on demand, shared, gone when unused."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from pgrevise.errors import SettingsError, UsageError
from pgrevise.postgres.server import ServerSpec, acquire, destroy, pin, status, stop, unpin

Gone = Callable[[int], bool]

pytestmark = pytest.mark.usefixtures("runtime")


def ask(url: str, query: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(query.encode()).fetchone()
        return row[0] if row else None


def test_acquire_starts_a_server_that_answers(spec: ServerSpec) -> None:
    with acquire(spec) as lease:
        assert str(ask(lease.server.url(), "show server_version")).startswith("17.")


def test_a_second_user_attaches_to_the_same_server(spec: ServerSpec) -> None:
    with acquire(spec) as first, acquire(spec) as second:
        assert first.server == second.server


def test_something_can_be_done_while_a_server_starts(spec: ServerSpec) -> None:
    done: list[str] = []
    with acquire(spec, meanwhile=lambda: done.append("first")):
        assert done == ["first"]
        with acquire(spec, meanwhile=lambda: done.append("second")):
            assert done == ["first"]


def test_what_fails_meanwhile_is_raised_and_no_lease_is_left(spec: ServerSpec, gone: Gone) -> None:
    def fail() -> None:
        raise RuntimeError("meanwhile")

    with pytest.raises(RuntimeError, match="meanwhile"):
        acquire(spec, meanwhile=fail)
    with acquire(spec) as lease:
        assert ask(lease.server.url(), "select 1") == 1
    assert gone(lease.server.pid)


def test_the_server_speaks_utc_and_utf8(spec: ServerSpec) -> None:
    with acquire(spec) as lease:
        assert ask(lease.server.url(), "show timezone") == "UTC"
        assert ask(lease.server.url(), "show server_encoding") == "UTF8"


def test_the_server_listens_on_no_network(spec: ServerSpec) -> None:
    with acquire(spec) as lease:
        assert ask(lease.server.url(), "show listen_addresses") == ""


def test_the_socket_is_in_a_directory_that_only_we_can_enter(spec: ServerSpec) -> None:
    with acquire(spec) as lease:
        assert lease.server.socket_dir.stat().st_mode & 0o077 == 0


def test_a_database_name_is_quoted_in_the_url(spec: ServerSpec) -> None:
    with acquire(spec) as lease:
        ask(lease.server.url(), "select 1")
        with psycopg.connect(lease.server.url(), autocommit=True) as connection:
            connection.execute('create database "a b/c?d%%e"')
        assert ask(lease.server.url("a b/c?d%%e"), "select current_database()") == "a b/c?d%%e"


def test_a_url_ignores_the_port_of_the_environment(
    spec: ServerSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPORT", "1")
    with acquire(spec) as lease:
        assert ask(lease.server.url(), "select 1") == 1


def test_the_environment_of_the_user_does_not_reach_the_server(
    spec: ServerSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGDATA", "/nonexistent")
    monkeypatch.setenv("PGTZ", "Asia/Tokyo")
    monkeypatch.setenv("LC_ALL", "xx_YY.utf8")
    with acquire(spec) as lease:
        assert ask(lease.server.url(), "show lc_messages") == "C"


def test_a_test_server_outlasts_its_last_user_by_the_linger(spec: ServerSpec, gone: Gone) -> None:
    lease = acquire(spec)
    lease.release()
    released = time.monotonic()
    assert status(spec).running
    assert gone(lease.server.pid)
    assert 0.2 < time.monotonic() - released < 2


def test_releasing_a_lease_twice_does_nothing(spec: ServerSpec) -> None:
    lease = acquire(spec)
    with acquire(spec):
        lease.release()
        lease.release()
        assert status(spec).users in (1, None)


def test_a_test_server_leaves_no_file(spec: ServerSpec, runtime: Path) -> None:
    acquire(spec).release()
    deadline = time.monotonic() + 5
    while any(runtime.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert list(runtime.iterdir()) == []


def test_a_user_who_returns_in_time_finds_the_same_server(spec: ServerSpec) -> None:
    patient = replace(spec, linger=5.0)
    acquire(patient).release()
    first = status(patient)
    with acquire(patient) as lease:
        assert first.running
        assert lease.server.data == first.data


def test_a_test_server_is_not_durable_and_a_development_server_is(
    spec: ServerSpec, development: ServerSpec
) -> None:
    with acquire(spec) as test, acquire(development) as mine:
        assert ask(test.server.url(), "show fsync") == "off"
        assert ask(mine.server.url(), "show fsync") == "on"


def test_a_development_server_keeps_its_data(development: ServerSpec) -> None:
    with acquire(development) as lease:
        assert ask(lease.server.url(), "select lo_create(4711)") == 4711
    assert stop(development)
    with acquire(development) as lease:
        assert ask(lease.server.url(), "select oid from pg_largeobject_metadata") == 4711


def test_development_data_lies_in_the_project_out_of_sight_of_git(
    development: ServerSpec,
) -> None:
    assert development.project
    with acquire(development) as lease:
        assert lease.server.data == development.project / ".pgrevise/server-17/data"
    assert (development.project / ".pgrevise/.gitignore").read_text() == "*\n"


def test_each_project_and_each_major_version_has_a_server_of_its_own(
    development: ServerSpec, tmp_path: Path
) -> None:
    other = replace(development, project=tmp_path)
    newer = replace(development, major=18)
    with acquire(development) as a, acquire(other) as b, acquire(newer) as c:
        assert len({a.server.data, b.server.data, c.server.data}) == 3
        assert len({a.server.socket_dir, b.server.socket_dir, c.server.socket_dir}) == 3
        assert c.server.major == 18


def test_pgrevise_state_moves_development_data(
    development: ServerSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGREVISE_STATE", str(tmp_path / "elsewhere"))
    with acquire(development) as lease:
        assert lease.server.data == tmp_path / "elsewhere/server-17/data"
    assert development.project
    assert not (development.project / ".pgrevise").exists()


def test_a_project_that_cannot_be_written_is_refused_with_the_ways_out(
    development: ServerSpec,
) -> None:
    assert development.project
    (development.project / ".pgrevise").write_text("in the way")
    with pytest.raises(SettingsError, match="PGREVISE_STATE") as caught:
        acquire(development)
    assert "DATABASE_URL" in caught.value.next_step


def test_a_development_server_without_a_project_is_refused() -> None:
    with pytest.raises(UsageError, match="project"):
        acquire(ServerSpec("development", 17))


def test_a_runtime_directory_too_long_for_a_socket_is_refused(
    spec: ServerSpec, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PGREVISE_RUNTIME", str(tmp_path / ("x" * 90)))
    with pytest.raises(SettingsError, match="at most 8"):
        acquire(spec)


def test_a_runtime_directory_may_hold_spaces_and_quotes(
    spec: ServerSpec, monkeypatch: pytest.MonkeyPatch, runtime: Path
) -> None:
    odd = runtime / "a \"b\" 'ü'"
    monkeypatch.setenv("PGREVISE_RUNTIME", str(odd))
    with acquire(spec) as lease:
        assert ask(lease.server.url(), "select 1") == 1
    assert stop(spec)


def test_a_state_directory_that_others_may_write_is_refused(
    spec: ServerSpec, runtime: Path
) -> None:
    acquire(spec).release()
    stop(spec)
    (path := runtime / "shared").mkdir()
    path.chmod(0o777)
    from pgrevise.postgres.places import own

    with pytest.raises(SettingsError, match="drwxrwxrwx"):
        own(path)


def test_a_pinned_server_lives_without_users_until_it_is_stopped(
    development: ServerSpec, gone: Gone
) -> None:
    lease = acquire(development)
    pin(development)
    lease.release()
    time.sleep(0.8)
    assert status(development).running
    assert status(development).pinned
    assert stop(development)
    assert gone(lease.server.pid)
    assert not status(development).pinned


def test_an_unpinned_server_ends_with_its_last_user(spec: ServerSpec, gone: Gone) -> None:
    with acquire(spec) as lease:
        pin(spec)
        assert unpin(spec)
        assert not unpin(spec)
    assert gone(lease.server.pid)


def test_stop_ends_a_server_under_its_users(spec: ServerSpec, gone: Gone) -> None:
    with acquire(spec) as lease:
        assert stop(spec)
        assert gone(lease.server.pid)
        assert not stop(spec)


def test_a_stopped_server_starts_again_while_an_old_lease_is_held(spec: ServerSpec) -> None:
    with acquire(spec) as old:
        stop(spec)
        with acquire(spec) as new:
            assert new.server.pid != old.server.pid
            assert ask(new.server.url(), "select 1") == 1


def test_destroy_removes_the_data(development: ServerSpec) -> None:
    with acquire(development) as lease:
        pass
    assert destroy(development)
    assert not lease.server.data.exists()
    assert not destroy(development)


def test_status_of_a_running_server_says_what_it_is(development: ServerSpec) -> None:
    with acquire(development) as lease, acquire(development):
        now = status(development)
    assert now.running
    assert now.version == lease.server.version
    assert now.users in (2, None)
    assert now.uptime is not None
    assert 0 <= now.uptime < 30
    assert now.size
    assert now.size > 10_000_000
    assert now.log == lease.server.log


def test_status_of_a_server_that_never_ran_creates_nothing(development: ServerSpec) -> None:
    now = status(development)
    assert (now.running, now.pinned, now.size, now.log) == (False, False, None, None)
    assert development.project
    assert list(development.project.iterdir()) == []
