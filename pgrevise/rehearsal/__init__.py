"""ACT 2: run a revision on a private PostgreSQL and say what was observed.

`rehearse` is the way in. `facts` are the types that everything here passes on, `protocol` those
between the rehearsal and its worker, `modes` is what locks block.

What talks to PostgreSQL or runs the project's code is in `workshop` (databases, passages,
deadlines), `worker` (the process that runs the code) and, inside that, `observing`. What decides is
in `selection` and `branch` (which revisions), `rules`, `allow` and `verdict`. `rows` fills tables.
Showing the results is `pgrevise.report`'s.
"""
