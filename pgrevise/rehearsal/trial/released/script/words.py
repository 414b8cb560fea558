"""What went wrong in released code, in words and where. Pure but for the exceptions given."""

from __future__ import annotations

import os
import traceback

_LONGEST = 600


def words_of(error: BaseException) -> tuple[str, str]:
    """What an exception says on one line without a full stop, and its SQLSTATE or ""."""
    if isinstance(error, SystemExit):
        return f"it ended the process: sys.exit({error.code!r})", ""
    original = getattr(error, "orig", None) or error
    # asyncpg's own exception hangs below SQLAlchemy's, which puts its class before the words.
    for one in (original.__cause__, original):
        sqlstate = getattr(one, "sqlstate", None) or getattr(one, "pgcode", None)
        if isinstance(sqlstate, str):
            return _of_server(one), sqlstate
    said = one_line(str(original))
    name = type(original).__name__
    return (f"{name}: {said}" if said else name), ""


def place_of(error: BaseException, root: str) -> str:
    """``file:line`` below ``root`` that an exception passed through last, "" for none."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{os.path.relpath(error.filename, root)}:{error.lineno}"
    place = ""
    for frame, number in traceback.walk_tb(error.__traceback__):
        name = os.path.realpath(frame.f_code.co_filename)
        if name.startswith(root + os.sep) and "site-packages" not in name:
            place = f"{os.path.relpath(name, root)}:{number}"
    return place


def one_line(text: str) -> str:
    """A text on one line, cut, without a full stop."""
    line = " ".join(text.split()).rstrip(".")
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def _of_server(error: object) -> str:
    diagnostics = getattr(error, "diag", None)
    primary = getattr(diagnostics, "message_primary", None)
    detail = getattr(
        diagnostics if primary else error, "message_detail" if primary else "detail", None
    )
    if str(detail or "").startswith("Failing row contains"):
        detail = None  # of no use to anybody: the rows are generated
    primary = primary or getattr(error, "message", None) or str(error)
    return one_line(f"{primary} ({str(detail).rstrip('.')})" if detail else str(primary))
