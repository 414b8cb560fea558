"""Where revisions are run: databases, the worker, deadlines, seen from the rehearsal's side.

`workshop` is the way in; `ascent` knows which database is at which revision. `process` starts the
worker, `databases` makes and drops what it works on, `baseline` fills one from a dump, `hanging`
finds out what a passage waits for.
"""
