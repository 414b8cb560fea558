"""How SQL is written into a revision file so that `op.execute` sends it to the letter.

Only the escaping lives here; how long texts are laid out is the business of who writes them.
"""

from __future__ import annotations

import re

import sqlalchemy

_BIND = re.compile(r"(?<![:\w\\]):(?=\w)")


def executing(sql: str) -> tuple[str, str]:
    """The text to write for ``sql``, and the call to write it into, with ``{}`` for the literal.

    `op.execute` takes a colon before a word for a parameter unless it is escaped, and there are
    colons that SQLAlchemy's ``text()`` cannot be told to leave alone, as in ``':smile:'``.
    """
    written = _BIND.sub(r"\\:", sql)
    compiled = sqlalchemy.text(written).compile()
    if compiled.params or str(compiled) != sql:
        return sql.replace("%", "%%"), "op.execute(sa.DDL({}))"
    return written, "op.execute({})"


def in_quotes(text: str) -> str:
    """``text`` as it stands between the quotes of a Python literal, three double ones or one."""
    return text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"').replace("\r", "\\r")
