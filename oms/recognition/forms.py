"""Which printed form a page belongs to, told by its title. Fields are not read here."""

import re

_FORMS = {
    "2C-BNV/2008": r"2[ca][\s-]*bnv\s*/\s*200[78]",
    "2C/TCTW-98": r"2c[\s-]*/?\s*tctw\s*-?\s*98",
    "HS02-VC/BNV": r"hs\s*02\s*-?\s*vc\s*/\s*bnv",
}
"""Names of the short CV forms of cadres, civil servants and public employees, as printed in their upper corner."""


def find_form(text: str) -> str | None:
    """The form whose name stands on the page, or None; 2a-BNV/2007 is the same layout as 2C-BNV/2008."""
    return next((form for form, shape in _FORMS.items() if re.search(shape, text, re.IGNORECASE)), None)
