"""What the released code's process is told of its surroundings. Decides; starts nothing."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from pgrevise.postgres.target import Target
from pgrevise.queries import load
from pgrevise.rehearsal.protocol import Place, Setup
from pgrevise.rehearsal.trial.released.checkout import Reference, Tree
from pgrevise.rehearsal.worker.surroundings import driver_url

#: Variables by which libpq, git or Python would look elsewhere, or for somebody else.
_FOREIGN = (
    *("PGSERVICE", "PGHOSTADDR", "PGPASSWORD", "PGPASSFILE", "PGSSLMODE"),
    *("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "PYTHONHOME", "__PYVENV_LAUNCHER__"),
)


def place_of(target: Target) -> Place:
    """A database of the private server."""
    named = target.connection_parameters()
    return Place(named["host"], named["port"], named["user"], named["dbname"])


def variables(setup: Setup, reference: Reference, tree: Tree) -> dict[str, str]:
    """The environment: the project's, with the database in every way that it may be asked for."""
    place = setup.place
    url = driver_url(setup, "postgresql")
    found = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    scheme = found.get("DATABASE_URL", "").partition("://")[0].strip()
    is_ours = scheme.partition("+")[0] in ("postgresql", "postgres")
    found.update(
        DATABASE_URL=place.url(scheme if is_ours else "postgresql"),
        PGHOST=place.socket,
        PGPORT=place.port,
        PGDATABASE=place.database,
        PGUSER=place.user,
        PYTHONDONTWRITEBYTECODE="1",
        PYTHONIOENCODING="utf-8",
    )
    if "PYTHONPATH" in found:
        places = found["PYTHONPATH"].split(os.pathsep)
        found["PYTHONPATH"] = os.pathsep.join(_moved(one, reference, tree) for one in places)
    for name, value in setup.set_:
        for word, meaning in place.words(url).items():
            value = value.replace(f"{{{word}}}", meaning)
        found[name] = value
    return found


def told(setup: Setup, reference: Reference, tree: Tree, deadline: float) -> dict[str, object]:
    """What the script has to know first."""
    root = _root(setup, reference, tree)
    url = driver_url(setup, "postgresql")
    return {
        "top": str(reference.top),
        "tree": str(tree.path),
        "root": str(root),
        "ini": str(root / setup.settings.alembic_ini.name),
        "url": url,
        "driver": url.partition("://")[0].partition("+")[2],
        "x": [f"url={setup.place.url()}", *setup.x],
        "place": parameters(setup.place),
        "queries": load("pgrevise.rehearsal.trial.released.script", "catalog.sql"),
        "parameters": {
            "TimeZone": "UTC",
            "statement_timeout": f"{max(1, int(deadline * 500))}ms",
            "lock_timeout": f"{max(1, int(deadline * 500))}ms",
        },
    }


def parameters(place: Place) -> dict[str, str]:
    """A place as libpq's parameters."""
    return {
        "host": place.socket,
        "port": place.port,
        "user": place.user,
        "dbname": place.database,
    }


def carried(setup: Setup, reference: Reference, tree: Tree) -> None:
    """Bring ``alembic.ini`` along where git does not have it, as a file that is only here."""
    there = _root(setup, reference, tree) / setup.settings.alembic_ini.name
    if not there.exists() and there.parent.is_dir():
        shutil.copyfile(setup.settings.alembic_ini, there)


def _root(setup: Setup, reference: Reference, tree: Tree) -> Path:
    return tree.path / setup.settings.root.resolve().relative_to(reference.top)


def _moved(place: str, reference: Reference, tree: Tree) -> str:
    path = Path(place).resolve() if place else None
    if path is None or not path.is_relative_to(reference.top) or "site-packages" in path.parts:
        return place
    return str(tree.path / path.relative_to(reference.top))
