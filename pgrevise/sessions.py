"""Helpers for a ``noxfile.py``: a migration suite over PostgreSQL majors.

Nothing but the standard library is imported, so that a noxfile loads fast and Nox may live in an
environment of its own; Nox's session object is passed in.
"""

from __future__ import annotations

import os
from typing import Any, Protocol

#: The major versions a migration suite is run on, oldest first.
POSTGRES_MAJORS = ("14", "15", "16", "17", "18")


class Session(Protocol):
    """What is used of a Nox session."""

    def run(self, *arguments: str, env: dict[str, str | None]) -> Any:
        """Run a command in the session's environment."""

    def skip(self, *arguments: str) -> Any:
        """End the session without a verdict."""

    def log(self, *arguments: str) -> Any:
        """Say something."""


def run_migration_suite(session: Session, postgres: str, *arguments: str) -> None:
    """Run pytest with ``arguments`` on a private PostgreSQL of major version ``postgres``.

    When ``DATABASE_URL`` is set, the suite runs on that server instead, and only once: in the
    session of the newest major, whatever the server's own version is.
    """
    if not os.environ.get("DATABASE_URL"):
        session.run("pytest", *arguments, env={"PGREVISE_POSTGRES": postgres})
    elif postgres == POSTGRES_MAJORS[-1]:
        session.log("DATABASE_URL is set: the suite runs on the server it names.")
        session.run("pytest", *arguments, env={})
    else:
        session.skip("DATABASE_URL is set: the suite runs once, on the server it names.")
