"""The project's history as the tests of `pgrevise.migration_tests` see it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from functools import cached_property
from typing import TYPE_CHECKING

from pgrevise.authoring.differences import build_models, project_metadata
from pgrevise.catalog import Catalog, read, read_database
from pgrevise.history.listing import Entry, listing
from pgrevise.postgres.connect import connect
from pgrevise.postgres.isolated import empty_schema, isolated_schema
from pgrevise.postgres.locate import named_target
from pgrevise.postgres.scratch import scratch_server
from pgrevise.postgres.target import Target
from pgrevise.postgres.templates import Templates, open_templates
from pgrevise.settings import Settings
from pgrevise.startup import collecting_seldom
from pgrevise.testing.aside import Aside
from pgrevise.testing.quick import quick_walk
from pgrevise.testing.shared import shared_walk
from pgrevise.testing.walk import Walk, walk

if TYPE_CHECKING:
    from sqlalchemy import MetaData


class HistoryUnderTest:
    """What the tests of `pgrevise.migration_tests` judge; each part is made once, when asked for.

    On a private server each place is a database of its own and all its schemas count. Where
    `DATABASE_URL` names a database, it is an isolated schema in that.
    """

    def __init__(self, settings: Settings, stack: ExitStack) -> None:
        self.settings = settings
        self._stack = stack

    @cached_property
    def listing(self) -> list[Entry]:
        """Every revision from base to head."""
        return listing(self.settings)

    @cached_property
    def metadata(self) -> Sequence[MetaData]:
        """What the models declare."""
        return project_metadata(self.settings)

    @cached_property
    def walk(self) -> Walk:
        """What was seen on the way. Models, and parts of it, are made in other processes."""
        if self._named is None:
            self._stack.callback(self._models_aside.close)
        return walk(self.settings, self._empty, self._quick_walk)

    def _quick_walk(self) -> Walk | None:
        if self._named is not None:
            return quick_walk(self.settings, self._empty)

        def private(stack: ExitStack) -> Callable[[], Target]:
            return self._private(stack).empty

        return shared_walk(self.settings, self._empty, self.listing, private)

    @cached_property
    def models(self) -> Catalog:
        """What the models give in an empty place."""
        if self._named is None:
            return self._models_aside.result()
        return self._models_in(self._empty())

    @cached_property
    def _models_aside(self) -> Aside[Catalog]:
        def on_the_private_server() -> Catalog:
            with ExitStack() as stack:
                return self._models_in(self._private(stack).empty())

        return Aside(on_the_private_server)

    def _models_in(self, target: Target) -> Catalog:
        with collecting_seldom():
            return self._read_models(target)

    def _read_models(self, target: Target) -> Catalog:
        build_models(self.metadata, target)
        with closing(connect(target)) as connection:
            return read(connection, [target.schema]) if target.schema else read_database(connection)

    @cached_property
    def _named(self) -> Target | None:
        return named_target(self.settings)

    @cached_property
    def _empty(self) -> Callable[[], Target]:
        if self._named is None:
            return self._private(self._stack).empty
        schema = self._stack.enter_context(isolated_schema(self._named))

        def emptied() -> Target:
            empty_schema(schema)
            return schema

        return emptied

    def _private(self, stack: ExitStack) -> Templates:
        server = stack.enter_context(scratch_server(self.settings))
        return stack.enter_context(open_templates(self.settings, server, ""))
