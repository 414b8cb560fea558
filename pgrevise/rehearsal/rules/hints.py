"""What to do about well-known messages of the server. No rule is here. Pure."""

from __future__ import annotations

import re

#: What the server says, and what usually lies behind it.
_HINTS: tuple[tuple[str, str], ...] = (
    (
        r"cannot run inside a transaction block",
        "Put it into its own revision, inside with op.get_context().autocommit_block().",
    ),
    (
        r"unsafe use of new value",
        "Add the label in a revision of its own: a new label can be used after a commit only.",
    ),
    (
        r'type "[^"]+" already exists',
        "The type is created twice: create it in one revision and say create_type=False elsewhere; "
        "drop it in the downgrade, because drop_table does not.",
    ),
    (
        r'type "[^"]+" does not exist',
        "Create the type first: op.add_column and op.alter_column do not.",
    ),
    (
        r"already exists",
        "Something earlier made it: another revision, the schema this began from, or a downgrade "
        "that left it.",
    ),
    (
        r"contains null values",
        "Fill the column first, in batches, then set NOT NULL.",
    ),
    (
        r"cannot be cast automatically",
        "Say how the values are converted: postgresql_using= of op.alter_column, or USING.",
    ),
    (
        r"other objects depend on it",
        "Drop what depends on it first, in this revision, and create it again in the downgrade.",
    ),
    (
        r"extension control file|extension .* is not available",
        "This server has no such extension: install its package, or name a server that has it in "
        "the setting bindir.",
    ),
    (
        r"could not create unique index|duplicate key value",
        "Rows of this history are there twice: remove the duplicates first.",
    ),
    (
        r"does not exist",
        "The name differs from what the history has built: look at search_path, at the name's "
        "spelling and at what earlier revisions renamed or dropped.",
    ),
)


def hint(error: str) -> str:
    """What to do about a message of the server; "" when it is not one of those."""
    return next((advice for pattern, advice in _HINTS if re.search(pattern, error)), "")
