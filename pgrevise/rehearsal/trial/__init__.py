"""A revision with rows in its tables: does it fail, what becomes of them, what stands still.

`facts` are the types that the rest of the act passes on. `trying` is the way in: it fills what a
revision touches at its parent and runs the revision up and down. `keeping` compares values,
`measuring` times and `scaling` extrapolates, `probing` reads and writes meanwhile, `statistics` is
what is known of production, `released` runs the models of released code on the new schema.
What is judged of it is in `pgrevise.rehearsal.rules`.
"""
