"""Answers requests from the rehearsal, a line of JSON each, until there are no more.

A thread reads them, so that the end of the rehearsal is the end of this process even when released
code does not come back; then the folder of the released tree goes, too.
"""

from __future__ import annotations

import asyncio
import json
import os
import queue
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Any

from . import gate as gates
from .loading import NotReleased, load
from .subjects import subjects
from .trying import Trier
from .words import place_of, words_of

_ASYNCHRONOUS = "asyncpg"
_PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)


class Serving:
    """Loads the released code once, and tries it as often as it is asked."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.told = told
        self.gate = gates.install(told["place"])
        self.trier: Trier

    def load(self, stack: ExitStack) -> dict[str, Any]:
        """Import the released code; says how many classes there are, or what went wrong."""
        try:
            self.driver()
            code = load(self.told, stack)
            self.trier = Trier(subjects(code.mappers, code.metadatas), self.told["queries"])
        except NotReleased as error:
            return {"error": str(error), "place": ""}
        except BaseException as error:  # noqa: BLE001 - whatever the project's code raises
            return {"error": words_of(error)[0], "place": place_of(error, self.told["tree"])}
        return {"classes": len(self.trier.subjects)}

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Try everything in one transaction that is rolled back."""
        self.gate.place.update(request["place"])
        try:
            if request["phase"] == "parent":
                tried = self.connected(lambda one: self.trier.parent(one, request["tables"]))
            else:
                tried = self.connected(self.trier.upgraded)
        except BaseException as error:  # noqa: BLE001 - its types and events may raise anything
            return {"error": words_of(error)[0], "place": place_of(error, self.told["tree"])}
        return {"tried": tried}

    def driver(self) -> str:
        """The project's driver if it is here, else one that is."""
        from sqlalchemy.engine import make_url
        from sqlalchemy.exc import NoSuchModuleError

        named = str(self.told["driver"]).replace("psycopg_async", "psycopg")
        for driver in (named, *self.gate.drivers):
            # SQLAlchemy 1.4 does not know psycopg, which may be here all the same.
            with suppress(NoSuchModuleError):
                make_url(f"postgresql+{driver}://").get_dialect()
                if driver in self.gate.drivers:
                    return driver
        raise NotReleased("its interpreter has none of the drivers psycopg, psycopg2 and asyncpg")

    def connected(self, work: Callable[[Any], Any]) -> Any:
        """Do something on a connection of its own; nothing of it stays."""
        from sqlalchemy import create_engine
        from sqlalchemy.pool import NullPool

        # The gate knows where that is.
        url = f"postgresql+{self.driver()}://localhost"

        def begun(connection: Any) -> Any:
            transaction = connection.begin()
            try:
                for name, value in self.told["parameters"].items():
                    connection.exec_driver_sql(f"SET LOCAL {name} = '{value}'")
                return work(connection)
            finally:
                transaction.rollback()

        if self.driver() == _ASYNCHRONOUS:
            return asyncio.run(_asynchronously(url, begun))
        engine = create_engine(url, poolclass=NullPool)
        with engine.connect() as connection:
            return begun(connection)


async def _asynchronously(url: str, work: Callable[[Any], Any]) -> Any:
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.pool import NullPool

    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as connection:
        return await connection.run_sync(work)


def main(requests: int, answers: int, folder: str) -> None:
    """Serve the rehearsal at the other end of two pipes."""
    waiting: queue.Queue[dict[str, Any]] = queue.Queue()
    lines = os.fdopen(requests, encoding="utf-8")
    threading.Thread(target=_read, args=(lines, waiting, folder), daemon=True).start()
    with os.fdopen(answers, "w", encoding="utf-8") as out, ExitStack() as stack:
        serving = Serving(waiting.get())
        _say(out, serving.load(stack))
        while True:
            _say(out, serving.answer(waiting.get()))


def _read(lines: Any, waiting: queue.Queue[dict[str, Any]], folder: str) -> None:
    """Pass requests on; when there are no more, nothing of this process stays."""
    is_written = False
    for line in lines:
        waiting.put(json.loads(line))
        is_written = True
    shutil.rmtree(folder, ignore_errors=True)
    # Before the first request a git that outlives the rehearsal may still be writing.
    for pause in () if is_written else _PAUSES:
        time.sleep(pause)
        shutil.rmtree(folder, ignore_errors=True)
    os.killpg(os.getpid(), signal.SIGKILL)


def _say(out: Any, answer: dict[str, Any]) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    out.write(json.dumps(answer) + "\n")
    out.flush()
