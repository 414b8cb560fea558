"""ACT 2: run a revision on a private PostgreSQL and say what was observed.

`facts` are the types that everything here passes on; `modes` is what locks block. What talks to
PostgreSQL or runs the project's code: `observer` (inside the process that runs a revision),
`worker` (that process), `workshop` (databases, passages, deadlines). What decides: `selection`,
`rules`, `verdict`. Showing the results is `pgrevise.report`'s.
"""
