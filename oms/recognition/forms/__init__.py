"""Printed forms: which one a page belongs to, and the values and tables that stand on it."""

import re

from oms import catalogue


def find_form(text: str) -> str | None:
    """The form whose code stands on the page, or None; 2a-BNV/2007 is the same layout as 2C-BNV/2008."""
    written = _plain(text)
    for form in catalogue.forms():
        if any(re.search(rf"(?<!\w){re.escape(_plain(code))}(?!\d)", written) for code in form.codes):
            return form.id
    return None


def _plain(text: str) -> str:
    """Small letters without the spaces and hyphens that readings add or lose."""
    return re.sub(r"[^\w/\n]+", " ", re.sub(r"[-–—]\s*|\s*/\s*", lambda m: "/" if "/" in m[0] else "", text.lower()))
