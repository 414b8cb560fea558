"""Lock modes of tables: which conflict, and what each of them blocks. Pure.

PostgreSQL 17 manual, 13.3.1 Table-Level Locks, table 13.2.
"""

from __future__ import annotations

from typing import Literal

Mode = Literal[
    "ACCESS SHARE",
    "ROW SHARE",
    "ROW EXCLUSIVE",
    "SHARE UPDATE EXCLUSIVE",
    "SHARE",
    "SHARE ROW EXCLUSIVE",
    "EXCLUSIVE",
    "ACCESS EXCLUSIVE",
]
#: What a lock stops others from: SELECT; INSERT, UPDATE and DELETE; another schema change.
Blocked = Literal["reads", "writes", "DDL"]

#: From the weakest to the strongest.
MODES: tuple[Mode, ...] = (
    "ACCESS SHARE",
    "ROW SHARE",
    "ROW EXCLUSIVE",
    "SHARE UPDATE EXCLUSIVE",
    "SHARE",
    "SHARE ROW EXCLUSIVE",
    "EXCLUSIVE",
    "ACCESS EXCLUSIVE",
)
_CONFLICTS: dict[Mode, frozenset[Mode]] = {
    "ACCESS SHARE": frozenset(MODES[7:]),
    "ROW SHARE": frozenset(MODES[6:]),
    "ROW EXCLUSIVE": frozenset(MODES[4:]),
    "SHARE UPDATE EXCLUSIVE": frozenset(MODES[3:]),
    "SHARE": frozenset(MODES[2:4] + MODES[5:]),
    "SHARE ROW EXCLUSIVE": frozenset(MODES[2:]),
    "EXCLUSIVE": frozenset(MODES[1:]),
    "ACCESS EXCLUSIVE": frozenset(MODES),
}


def mode_named(name: str) -> Mode:
    """The mode that ``pg_locks.mode`` calls ``AccessShareLock`` and the like."""
    wanted = name.removesuffix("Lock").lower()
    return next(mode for mode in MODES if mode.replace(" ", "").lower() == wanted)


def conflict(one: Mode, other: Mode) -> bool:
    """Whether two sessions cannot hold these modes on one table at once."""
    return other in _CONFLICTS[one]


def blocks(mode: Mode) -> tuple[Blocked, ...]:
    """What others cannot do meanwhile; empty for the modes of SELECT and of changing rows.

    DDL stands for whatever takes SHARE UPDATE EXCLUSIVE or more, such as ALTER TABLE, CREATE
    INDEX and VACUUM; plain reading and writing hold up the strongest of that too, and do not count.
    """
    found: list[Blocked] = []
    if conflict(mode, "ACCESS SHARE"):
        found.append("reads")
    if conflict(mode, "ROW EXCLUSIVE"):
        found.append("writes")
    if conflict(mode, "SHARE UPDATE EXCLUSIVE"):
        found.append("DDL")
    return tuple(found)


def is_stronger(one: Mode, other: Mode) -> bool:
    """Whether ``one`` stands above ``other`` in the order of strength."""
    return MODES.index(one) > MODES.index(other)
