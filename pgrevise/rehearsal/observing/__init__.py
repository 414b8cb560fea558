"""What PostgreSQL does for each statement, seen from inside the process that executes it.

`observer` is the way in. `listening` hears what SQLAlchemy executes, `watched` looks at one session
after each statement, `outside` at what runs outside a transaction, `holding` holds concurrent
statements open for a look. `drivers` is what psycopg, psycopg2 and asyncpg have in common, `beside`
our own session. Without a database: `ledger` and `records` (from looks to facts), `texts`,
`locating` (the line of the revision). Nothing here judges.
"""
