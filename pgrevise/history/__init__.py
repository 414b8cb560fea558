"""Revisions on disk: their headers, names, identifiers and order."""
