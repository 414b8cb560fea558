"""What stands behind the pytest fixtures: databases for tests, and the walk over a history."""
