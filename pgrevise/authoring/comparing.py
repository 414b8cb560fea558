"""How autogenerate compares models with a PostgreSQL database.

The options that `pgrevise.environment` gives to Alembic, each avoiding a trap of the defaults:
views are not tables, partitions are not orphans, a default that calls ``nextval`` is not executed
to be compared, ``json`` has no equality.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from alembic.ddl.postgresql import PostgresqlImpl
from sqlalchemy import types as sqltypes
from sqlalchemy.dialects import postgresql

if TYPE_CHECKING:
    from sqlalchemy import Connection, MetaData

    IncludeObject = Callable[[Any, str | None, str, bool, Any], bool]

_PARTITIONS = "SELECT relname FROM pg_class WHERE relispartition AND relkind IN ('r', 'p')"


def comparison_options(
    connection: Connection, metadata: MetaData | Sequence[MetaData], options: dict[str, Any]
) -> dict[str, Any]:
    """Alembic's ``configure`` options for comparing; what the project gave in ``options`` wins."""
    chosen: dict[str, Any] = {"compare_type": True, "compare_server_default": True}
    if _names_its_checks(metadata):
        chosen["autogenerate_plugins"] = [
            "alembic.autogenerate.*",
            "alembic.ext.checkconstraint_byname",
        ]
    chosen.update(options)
    chosen["include_object"] = _including(connection, options.get("include_object"))
    return chosen


class RevisePostgresql(PostgresqlImpl):
    """Alembic's PostgreSQL implementation, but for defaults that must not be evaluated.

    Alembic asks the server to evaluate a column's two defaults. That fails for ``json``, which has
    no equality, and uses up a number of the sequence for ``nextval``: these are compared as text.
    Defining the class registers it for the dialect.
    """

    __dialect__ = "postgresql"

    def compare_server_default(
        self,
        inspector_column: Any,
        metadata_column: Any,
        rendered_metadata_default: str | None,
        rendered_inspector_default: str | None,
    ) -> bool:
        """Whether the two defaults differ."""
        texts = (rendered_inspector_default or "", rendered_metadata_default or "")
        is_json = type(inspector_column.type) in (sqltypes.JSON, postgresql.JSON)
        if is_json or any("nextval(" in text.lower() for text in texts):
            return _bare(texts[0]) != _bare(texts[1])
        return bool(
            super().compare_server_default(  # type: ignore[no-untyped-call] # Alembic's own
                inspector_column,
                metadata_column,
                rendered_metadata_default,
                rendered_inspector_default,
            )
        )


def _bare(default: str) -> str:
    """A default without casts to ``json`` or ``regclass``, quotes of identifiers and spaces."""
    text = default.lower().replace(" ", "").replace('"', "")
    return text.replace("::jsonb", "").replace("::json", "").replace("::regclass", "")


def _names_its_checks(metadata: MetaData | Sequence[MetaData]) -> bool:
    """Whether every check gets a name: by name is the only way Alembic can compare them."""
    collections = metadata if isinstance(metadata, Sequence) else [metadata]
    return all("ck" in collection.naming_convention for collection in collections)


def _including(connection: Connection, project: IncludeObject | None) -> IncludeObject:
    partitions: set[str] | None = None

    def include(item: Any, name: str | None, kind: str, reflected: bool, compared: Any) -> bool:
        nonlocal partitions
        if kind == "table":
            if getattr(item, "is_view", False):
                return False
            if reflected and compared is None:
                if partitions is None:
                    partitions = set(connection.exec_driver_sql(_PARTITIONS).scalars())
                if name in partitions:
                    return False
        return project is None or project(item, name, kind, reflected, compared)

    return include
