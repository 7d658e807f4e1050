"""Pure functions on Vietnamese text. Knows no file, no database, no request."""
