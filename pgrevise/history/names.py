"""How revisions are named: messages, slugs, timestamp identifiers and file names.

Pure. A revision file is ``202406141200_add_queue_jobs_fields_and_indexes.py``: twelve digits of
UTC, which are also its identifier and its row in the version table, and the slug of its message.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from datetime import datetime, timedelta

from pgrevise.errors import HistoryConflict, UsageError

IDENTIFIER = re.compile(r"\d{12}")
FILE_NAME = re.compile(r"(?P<identifier>\d{12})_(?P<slug>[a-z0-9]+(?:_[a-z0-9]+)*)\.py")
SLUG_LENGTH = 60
_FORMAT = "%Y%m%d%H%M"


def checked_message(message: str | None) -> str:
    """The message, stripped, if a revision can be named by it.

    Quotes of every kind are allowed. Raises `UsageError` when it is empty, has a line break or
    another control character, or has no ASCII letter or digit for the file name.
    """
    text = (message or "").strip()
    if not text:
        raise UsageError("The message is empty.", 'Say what changes: invoke db.new "add a column".')
    if any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in text):
        raise UsageError(
            f"The message {text!r} has a line break or a control character.",
            "Give one line; write more into the file's docstring afterwards.",
        )
    if not slug(text):
        raise UsageError(
            f"The message {text!r} has no letter or digit that a file name can be made of.",
            "Use at least one word of a-z or 0-9; the docstring keeps every character.",
        )
    return text


def slug(message: str) -> str:
    """The words of ``message`` as a file name part: ASCII, lower case, at most 60 characters.

    Accents are dropped (é becomes e); what has no ASCII form is left out. Cut between words.
    """
    plain = unicodedata.normalize("NFKD", message).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain.replace("'", ""))
    text = "_".join(words)
    if len(text) <= SLUG_LENGTH:
        return text
    cut = text[: SLUG_LENGTH + 1]
    return cut.rpartition("_")[0] or cut[:SLUG_LENGTH]


def next_identifier(now: datetime, taken: Collection[str], parents: Collection[str] = ()) -> str:
    """The first free minute, from ``now`` (aware, UTC) on, that comes after every parent.

    Raises `HistoryConflict` when the parents are more than a year ahead of ``now``: then one of
    the two clocks is wrong, and counting on from there would hide it.
    """
    moment = now.replace(second=0, microsecond=0)
    timestamps = [parent for parent in parents if IDENTIFIER.fullmatch(parent)]
    if timestamps:
        latest = datetime.strptime(max(timestamps), _FORMAT).replace(tzinfo=now.tzinfo)
        if latest - moment > timedelta(days=366):
            raise HistoryConflict(
                f"The newest revision, {max(timestamps)}, is more than a year ahead of "
                f"this machine's clock ({moment:{_FORMAT}}).",
                "Set the clock, or rename the revision that is in the future.",
            )
        moment = max(moment, latest + timedelta(minutes=1))
    while moment.strftime(_FORMAT) in taken:
        moment += timedelta(minutes=1)
    return moment.strftime(_FORMAT)


def file_name(identifier: str, message: str) -> str:
    """The name of the revision's file."""
    return f"{identifier}_{slug(message)}.py"


def docstring_text(message: str) -> str:
    """The message as it can stand inside a triple-quoted docstring of a revision file."""
    escaped = message.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return (
        escaped[:-1] + '\\"' if escaped.endswith('"') and not escaped.endswith('\\"') else escaped
    )
