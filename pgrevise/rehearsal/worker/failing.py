"""What went wrong in the project's code, in words, and where. Pure but for the exceptions given."""

from __future__ import annotations

import linecache
import re
import traceback
from pathlib import Path

from pgrevise.errors import ReviseError

_LONGEST = 600


def words_of(error: BaseException) -> tuple[str, str]:
    """What an exception says in one sentence without a full stop, and its SQLSTATE or ""."""
    if isinstance(error, SystemExit):
        return f"it ended the process: sys.exit({error.code!r})", ""
    if isinstance(error, ReviseError):
        return f"{_one_line(error.sentence)}. {error.next_step}".rstrip("."), ""
    original = getattr(error, "orig", None) or error
    sqlstate = _sqlstate(original)
    if sqlstate:
        return _of_server(original), sqlstate
    said = _one_line(str(error))
    if isinstance(error, KeyError):
        return f"KeyError: {said} is not there", ""
    return (f"{type(error).__name__}: {said}" if said else type(error).__name__), ""


def line_of(error: BaseException, file: str) -> int:
    """The line of a file that an exception passed through last, 0 when it did not."""
    line = 0
    for frame, number in traceback.walk_tb(error.__traceback__):
        if _same(frame.f_code.co_filename, file):
            line = number
    return line


def place_of(error: BaseException, root: Path) -> str:
    """``file:line`` of the project that an exception passed through last, "" for none."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{_inside(error.filename, root)}:{error.lineno}"
    place = ""
    for frame, number in traceback.walk_tb(error.__traceback__):
        name = frame.f_code.co_filename
        is_installed = "site-packages" in name or "pgrevise" in Path(name).parts[:-1]
        if Path(name).is_relative_to(root) and not is_installed:
            place = f"{_inside(name, root)}:{number}"
    return place


def is_refusal(error: BaseException, file: str) -> bool:
    """Whether a downgrade raises this on purpose, by a ``raise`` of its own."""
    if isinstance(error, NotImplementedError):
        return True
    frames = list(traceback.walk_tb(error.__traceback__))
    if not frames:
        return False
    frame, number = frames[-1]
    if frame.f_code.co_name != "downgrade" or not _same(frame.f_code.co_filename, file):
        return False
    return linecache.getline(file, number).strip().startswith("raise")


def what_is_missing(words: str) -> tuple[str, str] | None:
    """("role", its name) or ("extension", its name), when that is why PostgreSQL refused."""
    role = re.search(r'role "([^"]+)" does not exist', words)
    if role:
        return "role", role[1]
    extension = re.search(r'extension "([^"]+)" is not available', words) or re.search(
        r'extension control file ".*?([^/"]+)\.control"', words
    )
    return ("extension", extension[1]) if extension else None


def _of_server(original: BaseException) -> str:
    diagnostics = getattr(original, "diag", None)
    primary = getattr(diagnostics, "message_primary", None)
    if primary is None:
        # asyncpg's own exception hangs below SQLAlchemy's, which puts its class before the words.
        cause = original.__cause__ or original
        primary = getattr(cause, "message", None) or str(cause)
        detail = getattr(cause, "detail", None)
    else:
        detail = getattr(diagnostics, "message_detail", None)
    return _one_line(f"{primary} ({detail.rstrip('.')})" if detail else str(primary))


def _sqlstate(original: BaseException) -> str:
    for name in ("sqlstate", "pgcode"):
        found = getattr(original, name, None)
        if isinstance(found, str) and found:
            return found
    return ""


def _one_line(text: str) -> str:
    line = " ".join(text.split()).rstrip(".")
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def _same(name: str, file: str) -> bool:
    if Path(name).name != Path(file).name:
        return False
    return name == file or Path(name).absolute() == Path(file)


def _inside(name: str, root: Path) -> str:
    path = Path(name)
    return str(path.relative_to(root)) if path.is_relative_to(root) else name
