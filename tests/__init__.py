"""Tests mirror `oms/` and `templates/`."""
