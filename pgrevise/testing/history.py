"""The project's history as the tests of `pgrevise.migration_tests` see it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from functools import cached_property
from typing import TYPE_CHECKING

from pgrevise.authoring.differences import build_models, project_metadata
from pgrevise.catalog import Catalog
from pgrevise.catalog.tracking import Tracker
from pgrevise.history.listing import Entry, listing
from pgrevise.postgres.connect import connect
from pgrevise.postgres.isolated import empty_schema, isolated_schema
from pgrevise.postgres.locate import named_target
from pgrevise.postgres.scratch import scratch_server
from pgrevise.postgres.target import Target
from pgrevise.postgres.templates import open_templates
from pgrevise.settings import Settings
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
        """What was seen on the way."""
        return walk(self.settings, self._empty)

    @cached_property
    def models(self) -> Catalog:
        """What the models give in an empty place."""
        target = self._empty()
        build_models(self.metadata, target)
        schemas = [target.schema] if target.schema else []
        with closing(connect(target)) as connection:
            return Tracker(connection, schemas).catalog()

    @cached_property
    def _empty(self) -> Callable[[], Target]:
        named = named_target(self.settings)
        if named is None:
            server = self._stack.enter_context(scratch_server(self.settings))
            return self._stack.enter_context(open_templates(self.settings, server, "")).empty
        schema = self._stack.enter_context(isolated_schema(named))

        def emptied() -> Target:
            empty_schema(schema)
            return schema

        return emptied
