"""Importing released code: its ``env.py`` is run as Alembic runs it, and what it maps is kept.

``env.py`` runs offline first, where nothing is connected to; one that cannot is run once more as
for an upgrade without revisions. The tree of the git reference comes before the working tree
everywhere that Python looks for modules, and what came from the working tree all the same is told.
"""

from __future__ import annotations

import inspect
import io
import os
import sys
from argparse import Namespace
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import event
from sqlalchemy.orm import Mapper, configure_mappers


class NotReleased(Exception):
    """The models are not those of the git reference, or there are none."""


@dataclass(frozen=True)
class Trees:
    """``top`` is the working tree that the project is in, ``tree`` the released one."""

    top: str
    tree: str

    def moved(self, place: str) -> str:
        """A folder of the working tree as it is in the released one; others as they are."""
        if not self.is_of_the_project(place):
            return place
        return str(Path(self.tree, os.path.relpath(os.path.realpath(place), self.top)))

    def is_of_the_project(self, file: str) -> bool:
        """Whether a file is the project's own in the working tree, not a library beside it."""
        real = os.path.realpath(file)
        if not _is_in(real, self.top) or _is_in(real, self.tree):
            return False
        environments = [os.path.realpath(one) for one in (sys.prefix, sys.base_prefix)]
        if any(_is_in(one, self.top) and _is_in(real, one) for one in environments):
            return False
        return "site-packages" not in real and "dist-packages" not in real


@dataclass
class Code:
    """``mappers`` are those of all mapped classes, ``metadatas`` what ``env.py`` compares with."""

    mappers: list[Any] = field(default_factory=list)
    metadatas: list[Any] = field(default_factory=list)
    is_configured: bool = False


def load(told: dict[str, Any], stack: ExitStack) -> Code:
    """Import the released code; what the project's tools keep open is closed with ``stack``."""
    code = Code()
    trees = Trees(told["top"], told["tree"])
    _look_in_the_tree(trees)
    os.chdir(told["root"])
    if told["root"] in sys.path:
        sys.path.remove(told["root"])
    sys.path.insert(0, told["root"])

    @event.listens_for(Mapper, "mapper_configured")
    def remember(mapper: Any, _: Any) -> None:
        code.mappers.append(mapper)

    if os.environ.get("FLASK_APP"):
        from flask.cli import ScriptInfo  # type: ignore[import-not-found,unused-ignore] # theirs

        application = ScriptInfo(app_import_path=os.environ["FLASK_APP"]).load_app()
        stack.enter_context(application.app_context())
    _run_env(told, code)
    configure_mappers()
    _require_released(trees, code)
    return code


def _run_env(told: dict[str, Any], code: Code) -> None:
    """Run ``env.py``; what it raises after it has configured Alembic does not matter here."""
    for is_offline in (True, False):
        try:
            _run_once(told, code, is_offline)
        except BaseException:  # whatever the project's code raises
            if not code.is_configured and not is_offline:
                raise
        if code.is_configured:
            return
    raise NotReleased("its env.py ended without configuring Alembic")


def _run_once(told: dict[str, Any], code: Code, is_offline: bool) -> None:
    config = _config(told, is_offline)
    script = ScriptDirectory.from_config(config)
    environment: Any = EnvironmentContext(
        config,
        script,
        fn=lambda *_: [],
        as_sql=is_offline,
        starting_rev=None,
        destination_rev="head",
        dont_mutate=True,
        tag=None,
    )
    configure = environment.configure

    def noted(*positional: Any, **keywords: Any) -> None:
        found = keywords.get("target_metadata")
        code.metadatas += found if isinstance(found, (list, tuple)) else [found]
        code.is_configured = True
        configure(*positional, **keywords)

    environment.configure = noted
    with environment:
        script.run_env()


def _config(told: dict[str, Any], is_offline: bool) -> Config:
    toml = Path(told["root"], "pyproject.toml")
    more: dict[str, Any] = {}
    # Before 1.16 Alembic knew nothing of pyproject.toml.
    if "toml_file" in inspect.signature(Config).parameters and toml.is_file():
        more["toml_file"] = str(toml)
    nowhere = io.StringIO()
    config = Config(told["ini"], stdout=nowhere, output_buffer=nowhere, **more)
    folder = Path(told["ini"]).parent
    location = config.get_main_option("script_location")
    # Flask-Migrate keeps the file beside env.py and says nowhere where that is.
    if not location and (folder / "env.py").is_file():
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("sqlalchemy.url", told["url"].replace("%", "%%"))
    config.cmd_opts = Namespace(
        cmd=(command.upgrade, ["revision"], ["sql", "tag"]),
        config=told["ini"],
        name="alembic",
        quiet=True,
        raiseerr=False,
        revision="head",
        sql=is_offline,
        tag=None,
        x=told["x"],
    )
    return config


def _look_in_the_tree(trees: Trees) -> None:
    """Let what Python finds in the working tree be found in the released one.

    That is ``PYTHONPATH`` and the ``.pth`` files of editable installs, and the finders that
    setuptools installs for them, which map packages to folders.
    """
    sys.path[:] = [trees.moved(place) for place in sys.path]
    # Folders that git had not written yet when this process began count as missing.
    sys.path_importer_cache.clear()
    for finder in sys.meta_path:
        # Some finders are classes, some are objects.
        module = sys.modules.get(getattr(finder, "__module__", ""))
        if "__editable__" not in getattr(module, "__name__", ""):
            continue
        for mapping in (getattr(module, "MAPPING", {}), getattr(module, "NAMESPACES", {})):
            for package, places in mapping.items():
                is_one = isinstance(places, str)
                mapping[package] = (
                    trees.moved(places) if is_one else [trees.moved(one) for one in places]
                )


def _require_released(trees: Trees, code: Code) -> None:
    """Raise `NotReleased` when these are no models, or those of another tree."""
    ours = __name__.partition(".")[0]
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        is_ours = name.partition(".")[0] == ours
        if isinstance(file, str) and not is_ours and trees.is_of_the_project(file):
            raise NotReleased(f"the module {name} came from the working tree, {file}")
    tables = [table for one in code.metadatas if one is not None for table in one.tables.values()]
    if not code.mappers and not tables:
        raise NotReleased("its env.py imports no mapped classes and gives Alembic no metadata")
    places = {mapper.class_: _file_of(mapper.class_) for mapper in code.mappers}
    if places and not any(_is_in(file, trees.tree) for file in places.values()):
        mapped, file = next(iter(places.items()))
        raise NotReleased(f"{mapped.__module__} came from {file}")


def _file_of(mapped: type) -> str:
    module = sys.modules.get(mapped.__module__)
    return os.path.realpath(str(getattr(module, "__file__", None) or ""))


def _is_in(place: str, folder: str) -> bool:
    return place == folder or place.startswith(folder + os.sep)
