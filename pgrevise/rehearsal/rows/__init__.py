"""Rows for any schema, from its catalog alone, that satisfy every constraint.

    from pgrevise.rehearsal.rows import fill

    filled = fill(connection, ["orders"], rows=1000)
    filled.tables["orders"].rows      # 1000
    filled.unfilled                   # {} or, for each table without rows, why

Tables that are referenced get a few rows too. The same catalog, seed and number of rows give the
same rows. A *hint* says what a column holds where no value can be found: an SQL expression over
``i``, the row's number, or a list of values:
``hints={"orders.iban": "'DE' || lpad(i::text, 20, '0')"}``.

How it works. `reader` reads what limits the rows. `values` and `sources` know values for types,
`constants` and `patterns` what the conditions mention. `units` says which columns have to be chosen
together, `candidates` collects what may stand in them, `search` finds what meets the conditions by
asking the server (`asking`), `spread` keeps keys apart. `composing` makes one INSERT … SELECT FROM
generate_series of it, `inserting` runs that, in pieces where something refuses. `order` and
`circles` deal with foreign keys, `filling` with all of it in turn.

Hints and expressions of the schema are run as they are: fill only databases that may be lost.
"""

from pgrevise.rehearsal.rows.filling import fill
from pgrevise.rehearsal.rows.model import ColumnFilled, Filled, TableFilled, Unfillable

__all__ = ["ColumnFilled", "Filled", "TableFilled", "Unfillable", "fill"]
