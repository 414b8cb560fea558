"""Running the server as root, in surroundings that allow ever less, and as an ordinary user."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from pgrevise.postgres.binaries import find
from pgrevise.postgres.server import ServerSpec, acquire

Client = Callable[..., subprocess.Popen[str]]
Facts = Callable[[subprocess.Popen[str]], dict[str, str]]
Gone = Callable[[int], bool]
Supervisor = Callable[[int], int]

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or sys.platform != "linux", reason="only root on Linux has these ways"
)

#: Words before a command that take a way away. The kernel makes no user namespace in a chroot.
NO_NAMESPACE = (
    "unshare", "--mount", "--propagation", "private",
    "sh", "-c", 'mount --rbind / "$0" && exec chroot "$0" "$@"',
)  # fmt: skip
NO_CAPABILITY = ("capsh", "--drop=cap_setpcap", "--", "-c")
NO_SETUID = ("capsh", "--drop=cap_setuid,cap_setgid,cap_setpcap", "--", "-c")
NO_OVERRIDE = ("capsh", "--drop=cap_dac_override,cap_dac_read_search,cap_setpcap", "--", "-c")
RUN = ('exec "$0" "$@"',)


@pytest.fixture
def without_namespace(tmp_path: Path) -> tuple[str, ...]:
    """Words that run a command where no user namespace can be made."""
    mountpoint = tmp_path / "root"
    mountpoint.mkdir()
    words = (*NO_NAMESPACE, str(mountpoint))
    if not shutil.which("capsh") or subprocess.run([*words, "true"], check=False).returncode:
        pytest.skip("a chroot cannot be made here")
    return words


@pytest.fixture
def hidden(projects: Path) -> Path:
    """A copy of the server's programs in a directory that only root can enter."""
    assert projects.stat().st_mode & 0o777 == 0o700
    found = find(17, download=False)
    shutil.copytree(found.bindir.parent, projects / "pginstall", symlinks=True)
    return projects / "pginstall/bin"


def user_of(pid: str) -> int:
    """The user that a process runs as, as the kernel outside of its namespace sees it."""
    return Path(f"/proc/{pid}").stat().st_uid


def system_python() -> str:
    """An interpreter that every user can run, as ours may lie in root's home."""
    asked = [python := "/usr/bin/python3", "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
    if not Path(python).exists() or subprocess.run(asked, check=False).returncode:
        pytest.skip(f"{python} is not there, or older than 3.11")
    return python


def select_one(url: str) -> object:
    with psycopg.connect(url) as connection:
        return connection.execute("select 1").fetchone()


def test_root_runs_a_server_in_a_user_namespace(
    spec: ServerSpec, client: Client, facts: Facts
) -> None:
    server = facts(client(spec))
    assert select_one(server["url"]) == (1,)
    assert (
        Path(f"/proc/{server['pid']}/ns/user").readlink() != Path("/proc/self/ns/user").readlink()
    )


def test_without_a_namespace_root_runs_it_as_nobody_with_one_capability(
    spec: ServerSpec, client: Client, facts: Facts, without_namespace: tuple[str, ...]
) -> None:
    server = facts(client(spec, *without_namespace))
    assert select_one(server["url"]) == (1,)
    assert user_of(server["pid"]) == 65534
    status = Path(f"/proc/{server['pid']}/status").read_text()
    assert "CapEff:\t0000000000000002" in status


def test_with_that_capability_programs_and_data_may_lie_where_only_root_can_go(
    development: ServerSpec,
    client: Client,
    facts: Facts,
    without_namespace: tuple[str, ...],
    hidden: Path,
) -> None:
    server = facts(client(replace(development, bindir=hidden), *without_namespace))
    assert select_one(server["url"]) == (1,)
    assert hidden.parent.parent.stat().st_mode & 0o777 == 0o700


def test_without_capabilities_root_runs_it_as_nobody(
    spec: ServerSpec, client: Client, facts: Facts, without_namespace: tuple[str, ...]
) -> None:
    server = facts(client(spec, *without_namespace, *NO_CAPABILITY, *RUN))
    assert select_one(server["url"]) == (1,)
    assert "CapEff:\t0000000000000000" in Path(f"/proc/{server['pid']}/status").read_text()


def test_without_capabilities_programs_that_only_root_can_reach_are_copied(
    spec: ServerSpec,
    client: Client,
    facts: Facts,
    without_namespace: tuple[str, ...],
    hidden: Path,
    runtime: Path,
) -> None:
    words = (*without_namespace, *NO_CAPABILITY, *RUN)
    server = facts(client(replace(spec, bindir=hidden), *words))
    assert select_one(server["url"]) == (1,)
    assert Path(f"/proc/{server['pid']}/exe").readlink().name == "postgres"
    assert list(runtime.glob("*/programs/*/bin/postgres"))


@pytest.mark.parametrize("words", [NO_SETUID, NO_OVERRIDE], ids=["no setuid", "no override"])
def test_when_no_way_is_left_it_says_so(
    spec: ServerSpec,
    client: Client,
    facts: Facts,
    without_namespace: tuple[str, ...],
    words: tuple[str, ...],
) -> None:
    told = facts(client(spec, *without_namespace, *words, *RUN))
    assert told["error"] == "ServerUnavailable"
    assert "Run as an ordinary user" in told["text"]


@pytest.mark.parametrize("words", [(), (*NO_CAPABILITY, *RUN)], ids=["capability", "setuid"])
def test_a_killed_supervisor_takes_nobodys_server_with_it(
    spec: ServerSpec,
    client: Client,
    facts: Facts,
    supervisor: Supervisor,
    gone: Gone,
    without_namespace: tuple[str, ...],
    words: tuple[str, ...],
) -> None:
    pid = int(facts(client(spec, *without_namespace, *words))["pid"])
    os.kill(supervisor(pid), signal.SIGKILL)
    assert gone(pid)


def test_data_made_in_one_way_can_be_used_in_another(
    development: ServerSpec,
    client: Client,
    facts: Facts,
    gone: Gone,
    without_namespace: tuple[str, ...],
) -> None:
    for words in ((), without_namespace, ()):
        process = client(development, *words)
        server = facts(process)
        assert select_one(server["url"]) == (1,)
        process.kill()
        assert gone(int(server["pid"]))


def test_an_ordinary_user_needs_none_of_this(
    spec: ServerSpec, client: Client, facts: Facts, runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.chown(runtime, 65534, 65534)
    monkeypatch.setenv("XDG_CACHE_HOME", str(runtime / "cache"))
    words = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    found = replace(spec, bindir=find(17, download=False).bindir)
    server = facts(client(found, *words, python=system_python()))
    assert user_of(server["pid"]) == 65534
    assert (
        Path(f"/proc/{server['pid']}/ns/user").readlink() == Path("/proc/self/ns/user").readlink()
    )


def test_a_second_user_of_another_way_attaches_all_the_same(
    spec: ServerSpec, client: Client, facts: Facts, without_namespace: tuple[str, ...]
) -> None:
    server = facts(client(spec, *without_namespace))
    with acquire(spec) as lease:
        assert lease.server.pid == int(server["pid"])
