"""The project's checks. Bare `nox` runs what must pass before a change is merged."""

import sys
from pathlib import Path

import nox

ROOT = Path(__file__).parent
sys.path.insert(0, str(ROOT))

from pgrevise.sessions import POSTGRES_MAJORS, run_migration_suite  # noqa: E402 - after the path

THIS_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]

nox.needs_version = ">=2026.8"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_existing_virtualenvs = True
# On a machine that has not every Python, the others are still worth running.
nox.options.error_on_missing_interpreters = False
nox.options.sessions = ["lint", "types", "docs", f"tests-{THIS_PYTHON}", "migrations"]


def install(session: nox.Session) -> None:
    # uv compiles nothing unless it is told to; every process of the tests would, each time.
    session.install("-e", ".[dev]", env={"UV_COMPILE_BYTECODE": "1"})


@nox.session
@nox.parametrize("postgres", POSTGRES_MAJORS)
def migrations(session: nox.Session, postgres: str) -> None:
    """The migration suite on a private PostgreSQL of each major, or where DATABASE_URL points."""
    install(session)
    run_migration_suite(session, postgres, "tests/migrations", "-q", *session.posargs)


@nox.session
def rehearse(session: nox.Session) -> None:
    """What the revisions of this branch do to a PostgreSQL; arguments go to db.rehearse."""
    install(session)
    session.run("invoke", "db.rehearse", *session.posargs)


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """All tests but the migration suite, in parallel."""
    install(session)
    session.run(
        "pytest", "tests", "--ignore=tests/migrations", "-q", "-n", "auto", *session.posargs
    )


@nox.session
def lint(session: nox.Session) -> None:
    """Ruff, its formatter, and the order of imports between the rooms."""
    install(session)
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("lint-imports")


@nox.session
def types(session: nox.Session) -> None:
    """mypy, strict."""
    install(session)
    session.run("mypy")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation; a broken link fails. Its examples are run by `tests`."""
    install(session)
    session.run("mkdocs", "build", "--strict", "--quiet", "--site-dir", session.create_tmp())


@nox.session
def legacy(session: nox.Session) -> None:
    """The archived file-backed smoke harness; it runs only here."""
    install(session)
    session.run("pytest", "tests/legacy", "--legacy", "-q", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure everything beside its peers, in ratios, for the page on speed."""
    install(session)
    session.run("python", "-m", "bench", *session.posargs)
