"""What a schema is: a frozen snapshot, its reader and its diff.

`read` and `read_database` are the only functions that talk to a server.
"""

from pgrevise.catalog.diff import COLUMN_ORDER, Change, diff
from pgrevise.catalog.model import Address, Catalog, Entry, Fact
from pgrevise.catalog.reader import read, read_database

__all__ = [
    "COLUMN_ORDER",
    "Address",
    "Catalog",
    "Change",
    "Entry",
    "Fact",
    "diff",
    "read",
    "read_database",
]
