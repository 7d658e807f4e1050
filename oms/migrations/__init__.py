"""Numbered migrations of the schema, both directions, the same on SQLite and PostgreSQL."""
