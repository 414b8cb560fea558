"""What surrounds the project's code: its environment, and the database's URL as it expects it."""

from __future__ import annotations

import os

from pgrevise.history.script import configuration
from pgrevise.rehearsal.protocol import Setup

#: Variables by which libpq would look elsewhere, or for somebody else.
_FOREIGN_PLACES = ("PGSERVICE", "PGHOSTADDR", "PGPASSWORD", "PGPASSFILE", "PGSSLMODE")


def prepare(setup: Setup) -> None:
    """Tell the project's database to whatever reads the environment."""
    place = setup.place
    words = place.words(driver_url(setup, "postgresql"))
    for name in _FOREIGN_PLACES:
        os.environ.pop(name, None)
    os.environ.update(
        DATABASE_URL=place.url(_scheme(os.environ.get("DATABASE_URL", "")) or "postgresql"),
        PGHOST=place.socket,
        PGPORT=place.port,
        PGDATABASE=place.database,
        PGUSER=place.user,
    )
    for name, value in setup.set_:
        for word, meaning in words.items():
            value = value.replace(f"{{{word}}}", meaning)
        os.environ[name] = value


def _scheme(url: str) -> str:
    """``postgresql+driver`` of a PostgreSQL URL, "" for anything else."""
    scheme = url.partition("://")[0].strip()
    dialect, _, driver = scheme.partition("+")
    if dialect not in ("postgresql", "postgres"):
        return ""
    return f"postgresql+{driver}" if driver else dialect


def driver_url(setup: Setup, default: str) -> str:
    """The database for SQLAlchemy, with the project's driver as far as it names one."""
    if setup.driver:
        return setup.place.url(f"postgresql+{setup.driver}")
    ini = configuration(setup.settings)
    named = ini.file_config.get(ini.config_ini_section, "sqlalchemy.url", raw=True, fallback="")
    scheme = _scheme(named) or _scheme(os.environ.get("DATABASE_URL", ""))
    if scheme in ("postgres", "postgresql", ""):
        scheme = default
    return setup.place.url(scheme)
