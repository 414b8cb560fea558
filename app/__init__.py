"""The application whose schema is managed: the data layer of a PostgreSQL-backed job queue."""
