"""A revision with rows in its tables: does it fail, what becomes of them, what stands still.

`facts` are the types that the rest of the act passes on. `trying` is the way in: it fills what a
revision touches at its parent (`touching`, `populating`) and runs the revision up and down.
`keeping` reads values and `comparing` decides what is lost. `measuring` times it at a size, if
there is room (`disk`), `reckoning` says what the times mean and `scaling` what they would be at
another size; `probing` reads and writes meanwhile. `statistics` is what is known of production,
`released` runs the models of released code on the new schema.
What is judged of it is in `pgrevise.rehearsal.rules`.
"""
