"""What a schema is: a frozen snapshot, its reader and its diff."""
