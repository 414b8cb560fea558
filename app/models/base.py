"""What all models share: the declarative base, its naming convention and its column types.

No table lives here. Tables carry no schema: the connection's `search_path` decides where they are.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import BigInteger, DateTime, Enum, Interval, MetaData, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase

# Exclusion constraints are outside of any convention: they are named ex_<table>_<name> by hand.
NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The declarative base; a column's type follows from its annotation where it can."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text,
        int: BigInteger,
        datetime: DateTime(timezone=True),
        timedelta: Interval,
        dict[str, Any]: JSONB,
    }


def native_enum(members: type[StrEnum], name: str) -> Enum:
    """Return the PostgreSQL enum type `name`, holding the members' values in their order."""
    return Enum(
        members,
        name=name,
        metadata=Base.metadata,
        values_callable=lambda enum: [member.value for member in enum],
    )
