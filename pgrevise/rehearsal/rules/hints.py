"""What to do about well-known messages of the server and of Python. No rule is here. Pure."""

from __future__ import annotations

import re

#: What the server or Python says, and what usually lies behind it.
_HINTS: tuple[tuple[str, str], ...] = (
    (
        r"^KeyError: '[A-Z][A-Z0-9_]*' is not there",
        "If it is a variable of the environment, give it with --set NAME=value.",
    ),
    (
        r"was about to connect to",
        "Use the connection that Alembic gives: op.get_bind(), or op.execute().",
    ),
    (
        r"URLError|ConnectionError|ConnectTimeout|ConnectionRefused|Name or service not known"
        r"|gaierror|TimeoutError|HTTPError",
        "A revision that needs the network fails when that does: put what it fetches into the "
        "file, or do it beside the revision.",
    ),
    (
        r"^EOFError",
        "Nobody is there to answer when it is deployed: read a setting instead of asking.",
    ),
    (
        r"ended the process|process ended by itself",
        "Raise an exception instead: an end like this leaves what was committed, and no reason.",
    ),
    (
        r"^(?:\w+\.)*\w*(?:Error|Exception|Warning)\b(?!.*\(\d{5}\))",
        "It is Python that fails: mend the code at this line, or what it needs from the project.",
    ),
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
    """What to do about a message; "" when it is not one of those."""
    return next((advice for pattern, advice in _HINTS if re.search(pattern, error)), "")
