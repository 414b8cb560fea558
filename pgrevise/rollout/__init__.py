"""Act 3: apply revisions exactly once, with short locks and bounded retries."""
