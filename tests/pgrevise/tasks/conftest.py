"""What the tests of the tasks share: a refusal that is checked as a whole, and other servers."""

from __future__ import annotations

import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from pgrevise.postgres import locks
from pgrevise.postgres.connect import connect
from pgrevise.postgres.server import ServerSpec, acquire
from pgrevise.postgres.target import Target, parse
from tests.pgrevise.conftest import Project

PASSWORD = "s3cr%t/p@ss:w#rd?é"

Refused = Callable[..., subprocess.CompletedProcess[str]]


def picture(project: Project) -> tuple[dict[str, bytes], list[tuple[object, ...]]]:
    """The project's files, and every relation and its rows' count in its database."""
    files = {
        str(path.relative_to(project.root)): path.read_bytes()
        for path in sorted(project.root.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts and ".pgrevise" not in path.parts
    }
    if project.database is None:
        return files, []
    with connect(project.database) as connection:
        relations = connection.execute(
            "SELECT n.nspname, c.relname, (xpath('//n/text()', query_to_xml(format("
            "'SELECT count(*) n FROM %s', c.oid::regclass), false, true, '')))[1]::text"
            " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind = 'r' AND n.nspname !~ '^pg_|^information_schema$' ORDER BY 1, 2"
        ).fetchall()
    return files, list(relations)


@pytest.fixture
def refused() -> Refused:
    """Run a command that is to be refused: a sentence, a next step, nothing changed."""

    def run(
        project: Project, *arguments: str, code: int, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        before = picture(project)
        done = project.run(*arguments, **variables)
        assert done.returncode == code, done
        assert "Traceback" not in done.stdout + done.stderr, done
        _, _, told = done.stderr.partition("Error: ")
        sentence, _, next_step = told.partition("\n")
        assert sentence, done
        assert next_step.strip(), done
        assert picture(project) == before
        return done

    return run


@pytest.fixture(scope="module")
def locked_server() -> Iterator[Target]:
    """A server that asks for passwords, and a role ``app`` whose password is PASSWORD."""
    runtime = Path(tempfile.mkdtemp(prefix="pgr-"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGREVISE_RUNTIME", str(runtime))
        lease = acquire(ServerSpec("test", 17, linger=0.1))
    admin = parse(lease.server.url("postgres"))
    rules = lease.server.data / "pg_hba.conf"
    with lease, connect(admin) as connection:
        literal = PASSWORD.replace("'", "''")
        connection.execute(f"CREATE ROLE app LOGIN PASSWORD '{literal}'".encode())
        connection.execute("CREATE DATABASE app OWNER app")
        rules.write_text("local all postgres trust\nlocal all all scram-sha-256\n")
        connection.execute("SELECT pg_reload_conf()")
        yield admin
    deadline = time.monotonic() + 10
    while any(locks.is_locked(lock) for lock in runtime.glob("*/server")):
        assert time.monotonic() < deadline, "the server still runs"
        time.sleep(0.05)
    shutil.rmtree(runtime)


@pytest.fixture
def old_server() -> Iterator[str]:
    """The URL of something that greets like PostgreSQL 13 and says nothing more."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=_greet_everybody, args=[listening], daemon=True)
        thread.start()
        yield f"postgresql://u:pw-s3cret@127.0.0.1:{listening.getsockname()[1]}/app"
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(timeout=5)


def _greet_everybody(listening: socket.socket) -> None:
    """The startup of the protocol, manual 53.2.1: authentication, parameters, ready."""
    parameters = [("server_version", "13.4"), ("client_encoding", "UTF8"), ("TimeZone", "UTC")]
    greeting = _message(b"R", struct.pack("!i", 0))
    for name, value in parameters:
        greeting += _message(b"S", f"{name}\0{value}\0".encode())
    greeting += _message(b"K", struct.pack("!ii", 1, 1)) + _message(b"Z", b"I")
    with suppress(OSError):
        while True:
            client, _ = listening.accept()
            with client, suppress(OSError, struct.error):
                # A client asks for encryption first; N refuses it.
                while struct.unpack("!ii", client.recv(8))[1] in (80877103, 80877104):
                    client.sendall(b"N")
                client.recv(4096)
                client.sendall(greeting)
                client.recv(4096)


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body
