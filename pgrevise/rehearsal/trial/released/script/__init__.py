"""What runs in the released code's interpreter, and imports nothing of this toolkit.

It is loaded there under another name, so that released code may bring its own version of
everything: it needs Python 3.9, SQLAlchemy 1.4 and Alembic, as the released code does itself.
`serving` answers requests, `gate` leads every connection to one database, `loading` runs the
released ``env.py`` for its models, `subjects` is what they are to PostgreSQL, `operations` reads
and writes their rows, `trying` finds out what works, `words` says what went wrong. The other side
is `process`, beside this folder.
"""
