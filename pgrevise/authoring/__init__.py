"""Act 1: compare models with the history and write a revision."""
