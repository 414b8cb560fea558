"""What the private server survives: crowds, kills, leftovers, full disks, meddling."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from pgrevise.errors import ServerUnavailable
from pgrevise.postgres import cluster, places
from pgrevise.postgres.server import ServerSpec, acquire, destroy, status, stop

Client = Callable[..., subprocess.Popen[str]]
Facts = Callable[[subprocess.Popen[str]], dict[str, str]]
Gone = Callable[[int], bool]
Supervisor = Callable[[int], int]

linux = pytest.mark.skipif(sys.platform != "linux", reason="the kernel ends orphans on Linux only")


def answers(url: str) -> bool:
    with psycopg.connect(url) as connection:
        return connection.execute("select 1").fetchone() == (1,)


def test_eight_processes_at_once_get_one_postmaster(
    spec: ServerSpec, client: Client, facts: Facts
) -> None:
    clients = [client(spec) for _ in range(8)]
    assert len({facts(process)["pid"] for process in clients}) == 1


def test_the_server_ends_when_all_its_users_are_killed(
    spec: ServerSpec, client: Client, facts: Facts, gone: Gone
) -> None:
    clients = [client(spec) for _ in range(3)]
    pids = {int(facts(process)["pid"]) for process in clients}
    for process in clients:
        process.kill()
    assert all(gone(pid) for pid in pids)


def test_the_server_survives_the_process_that_started_it(
    spec: ServerSpec, client: Client, facts: Facts
) -> None:
    starter = client(spec)
    pid = int(facts(starter)["pid"])
    with acquire(spec) as lease:
        starter.kill()
        starter.wait()
        time.sleep(0.6)
        assert lease.server.pid == pid
        assert answers(lease.server.url())


@pytest.mark.parametrize("after", [0.1, 0.15, 0.2, 0.25, 0.3])
def test_a_starter_killed_half_way_is_no_hindrance(
    spec: ServerSpec, client: Client, after: float
) -> None:
    starter = client(spec)
    time.sleep(after)
    starter.kill()
    with acquire(spec) as lease:
        assert answers(lease.server.url())


@linux
def test_a_killed_supervisor_takes_its_server_with_it(
    spec: ServerSpec, supervisor: Supervisor, gone: Gone
) -> None:
    with acquire(spec) as lease:
        os.kill(supervisor(lease.server.pid), signal.SIGKILL)
        assert gone(lease.server.pid)
        assert not status(spec).running


def test_a_server_whose_supervisor_was_killed_is_started_again(
    spec: ServerSpec, supervisor: Supervisor, gone: Gone
) -> None:
    with acquire(spec) as old:
        os.kill(owner := supervisor(old.server.pid), signal.SIGKILL)
        assert gone(owner)
        with acquire(spec) as new:
            assert new.server.pid != old.server.pid
            assert answers(new.server.url())


def test_committed_data_survives_the_killing_of_supervisor_and_server(
    development: ServerSpec, supervisor: Supervisor, gone: Gone
) -> None:
    with acquire(development) as lease:
        with psycopg.connect(lease.server.url()) as connection:
            connection.execute("create table kept as select 7 as n")
        os.kill(owner := supervisor(lease.server.pid), signal.SIGKILL)
        assert gone(owner)
        with acquire(development) as again, psycopg.connect(again.server.url()) as connection:
            assert connection.execute("select n from kept").fetchone() == (7,)


def test_a_killed_postmaster_is_replaced(development: ServerSpec, gone: Gone) -> None:
    with acquire(development) as old:
        os.kill(old.server.pid, signal.SIGKILL)
        assert gone(old.server.pid)
        with acquire(development) as new:
            assert answers(new.server.url())


def test_a_process_number_that_was_taken_over_does_not_matter(development: ServerSpec) -> None:
    with acquire(development) as lease:
        pidfile = lease.server.data / "postmaster.pid"
        lines = pidfile.read_text().splitlines()
    stop(development)
    # As after a container's restart: the number in the file is now somebody else's.
    pidfile.write_text("\n".join([str(os.getppid()), *lines[1:]]) + "\n")
    with acquire(development) as lease:
        assert answers(lease.server.url())


def test_a_damaged_pid_file_does_not_matter(development: ServerSpec) -> None:
    with acquire(development) as lease:
        pass
    stop(development)
    (lease.server.data / "postmaster.pid").write_text("")
    with acquire(development) as lease:
        assert answers(lease.server.url())


def test_a_half_made_cluster_is_made_again(development: ServerSpec) -> None:
    assert development.project
    half = development.project / ".pgrevise/server-17/data.new"
    (half / "base").mkdir(parents=True)
    with acquire(development) as lease:
        assert answers(lease.server.url())
    assert not half.exists()


def test_data_that_others_may_read_are_made_private_again(development: ServerSpec) -> None:
    with acquire(development) as lease:
        data = lease.server.data
    stop(development)
    data.chmod(0o755)
    with acquire(development) as lease:
        assert lease.server.data.stat().st_mode & 0o777 == 0o700


def test_data_of_another_major_version_is_left_alone(development: ServerSpec) -> None:
    assert development.project
    data = development.project / ".pgrevise/server-17/data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("12\n")
    with pytest.raises(ServerUnavailable, match="belongs to PostgreSQL 12"):
        acquire(development)
    assert [path.name for path in data.iterdir()] == ["PG_VERSION"]


def test_a_server_that_cannot_start_shows_the_end_of_its_log(development: ServerSpec) -> None:
    with acquire(development) as lease:
        pass
    stop(development)
    with (lease.server.data / "postgresql.conf").open("a") as settings:
        settings.write("shared_buffers = 'plenty'\n")
    with pytest.raises(ServerUnavailable, match="plenty"):
        acquire(development)


def test_a_test_server_left_in_pieces_is_made_again(
    spec: ServerSpec, supervisor: Supervisor, gone: Gone
) -> None:
    with acquire(spec) as lease:
        os.kill(supervisor(lease.server.pid), signal.SIGKILL)
        assert gone(lease.server.pid)
        (lease.server.data / "global/pg_control").unlink()
        with acquire(spec) as again:
            assert answers(again.server.url())


def test_a_server_ends_when_its_project_is_removed(development: ServerSpec, gone: Gone) -> None:
    assert development.project
    with acquire(development) as lease:
        shutil.rmtree(development.project, ignore_errors=True)
        assert gone(lease.server.pid)


def test_a_server_ends_when_its_runtime_directory_is_removed(
    spec: ServerSpec, runtime: Path, gone: Gone
) -> None:
    with acquire(spec) as lease:
        shutil.rmtree(runtime, ignore_errors=True)
        assert gone(lease.server.pid)
    runtime.mkdir(mode=0o700, exist_ok=True)


def test_a_removed_cache_does_not_matter_to_a_server_that_runs(
    spec: ServerSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with acquire(spec) as lease:
        shutil.rmtree(tmp_path, ignore_errors=True)
        assert answers(lease.server.url())


def test_a_cache_that_cannot_be_written_does_not_matter(
    spec: ServerSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with acquire(spec) as lease:
        assert answers(lease.server.url())


def test_the_first_test_server_leaves_a_pristine_cluster_for_the_next(
    spec: ServerSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with acquire(spec):
        deadline = time.monotonic() + 20
        while not (kept := list(tmp_path.glob("pgrevise/clusters/17.*/pgrevise.files"))):
            assert time.monotonic() < deadline
            time.sleep(0.05)
    assert len(kept) == 1


def test_a_pristine_cluster_that_misses_a_file_is_not_copied(
    spec: ServerSpec, tmp_path: Path, shared_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(shared_cache, tmp_path / "cache", symlinks=True)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    next(tmp_path.rglob("PG_VERSION")).unlink()
    with acquire(spec) as lease:
        assert answers(lease.server.url())
        assert not (lease.server.data / "pgrevise.files").exists()


def test_a_pristine_cluster_is_forgotten_when_unused_for_long(shared_cache: Path) -> None:
    clusters = shared_cache / "pgrevise/clusters"
    for name, age in (("old", 61), ("young", 59), ("fresh", 0)):
        (clusters / name).mkdir()
        os.utime(clusters / name, (then := time.time() - age * 24 * 3600, then))
    cluster.keep(clusters / "fresh", clusters / "kept")
    assert not (clusters / "old").exists()
    assert (clusters / "young").exists()
    for name in ("young", "kept"):
        shutil.rmtree(clusters / name)


def test_a_stop_that_takes_too_long_is_an_error(spec: ServerSpec, supervisor: Supervisor) -> None:
    with acquire(spec) as lease:
        owner = supervisor(lease.server.pid)
        os.kill(owner, signal.SIGSTOP)
        try:
            with pytest.raises(ServerUnavailable, match="did not stop within 1 s"):
                stop(spec, timeout=1)
        finally:
            os.kill(owner, signal.SIGCONT)


def test_waiting_is_told_after_a_second_and_ends_with_the_deadline(
    development: ServerSpec, supervisor: Supervisor
) -> None:
    with acquire(replace(development, linger=30)) as lease:
        owner = supervisor(lease.server.pid)
        os.kill(owner, signal.SIGSTOP)
        os.kill(lease.server.pid, signal.SIGKILL)
        told: list[str] = []
        try:
            with pytest.raises(ServerUnavailable, match="not ready in time"):
                acquire(development, timeout=1.5, progress=told.append)
        finally:
            os.kill(owner, signal.SIGCONT)
    assert told == ["waiting for the PostgreSQL 17.10 that another process starts or stops"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Path:
    """A file system of 64 MB, as Docker's /dev/shm is by default."""
    if os.geteuid() != 0 or sys.platform != "linux":
        pytest.skip("only root can mount a file system")
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "none", str(tmp_path)],
        check=False,
        capture_output=True,
    )
    if done.returncode:
        pytest.skip("file systems cannot be mounted here")
    return tmp_path


@pytest.fixture
def unmount(small_disk: Path) -> object:
    yield
    subprocess.run(["umount", "--lazy", str(small_disk)], check=True)


@pytest.mark.usefixtures("unmount")
def test_a_disk_too_small_for_a_cluster_is_refused_with_both_sizes(
    small_disk: Path, development: ServerSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGREVISE_STATE", str(small_disk))
    with pytest.raises(ServerUnavailable, match=r"6\d MB free; .* needs 256 MB"):
        acquire(development)
    destroy(development)


@pytest.mark.usefixtures("unmount")
def test_a_test_server_avoids_a_small_shared_memory(
    small_disk: Path, spec: ServerSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGREVISE_RUNTIME", str(small_disk))
    with acquire(spec) as lease:
        assert small_disk not in lease.server.data.parents
        assert answers(lease.server.url())
    stop(spec)
    assert not lease.server.data.exists()


def test_another_container_with_the_same_project_is_kept_off_its_data(
    development: ServerSpec, monkeypatch: pytest.MonkeyPatch, runtime: Path
) -> None:
    with acquire(development):
        monkeypatch.setenv("PGREVISE_RUNTIME", str(places.own(runtime / "other")))
        with pytest.raises(ServerUnavailable, match="in another container"):
            acquire(development, timeout=1)


@pytest.mark.usefixtures("unmount")
def test_a_runtime_directory_that_is_full_is_an_error_with_a_way_out(
    small_disk: Path, spec: ServerSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGREVISE_RUNTIME", str(small_disk))
    (small_disk / "filler").write_bytes(b"x" * cluster.free_bytes(small_disk))
    with pytest.raises(ServerUnavailable, match="No space left") as caught:
        acquire(spec)
    assert "PGREVISE_RUNTIME" in caught.value.next_step
