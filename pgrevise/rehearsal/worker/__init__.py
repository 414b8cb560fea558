"""The process that runs the project's code, and the children that it forks for that.

`forker` serves tasks, each in a child of its own; `running` is what the child does, `loading` the
history, `surroundings` what the project's environment is told, `elsewhere` the gate in front of
other servers. It is started, told and watched from `pgrevise.rehearsal.workshop`.
"""
