"""The code on a cover sheet: number of the dossier, component, and a signature only this installation can make.

Letters that QR codes store in the least room (figures, capitals, `.`, `-`, `:`). No name and nothing about a person is
in it: who finds a sheet learns nothing, and who makes one up is not believed.
"""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass

from oms.settings import Settings, kept_key

KEY_FILE = "cover-sheets.key"
PREFIX = "OMS1:"
_WHOLE = "-"
_SIGNATURE_BYTES = 10
"""80 bits: guessing is hopeless through a scanner, and the code stays small enough for a fax."""
_CODE = re.compile(r"OMS1:([A-Z]{2,4}-[0-9]{3,9}):([A-Z0-9.]{1,60}|-):([A-Z2-7]{16})")


@dataclass(frozen=True)
class Sheet:
    """What a cover sheet says: the number of the dossier, and the component ("" for the whole dossier)."""

    number: str
    component_id: str


def key_of(settings: Settings) -> bytes:
    """The key that signs the sheets of this installation; with another one those printed before are not known again."""
    return kept_key(settings, KEY_FILE).encode()


def write_code(key: bytes, sheet: Sheet) -> str:
    """The text of the QR code."""
    component = sheet.component_id.upper().replace("_", ".") or _WHOLE
    said = f"{PREFIX}{sheet.number}:{component}"
    return f"{said}:{_sign(key, said)}"


def is_code(text: str) -> bool:
    """Whether a text means to be such a code, rightly signed or not."""
    return text.startswith(PREFIX)


def read_code(key: bytes, text: str) -> Sheet | None:
    """What a code says; None for one that this installation did not sign."""
    found = _CODE.fullmatch(text.strip())
    if found is None or not hmac.compare_digest(_sign(key, text.strip().rpartition(":")[0]), found[3]):
        return None
    component = "" if found[2] == _WHOLE else found[2].lower().replace(".", "_")
    return Sheet(found[1], component)


def _sign(key: bytes, said: str) -> str:
    digest = hmac.new(key, b"oms cover sheet\n" + said.encode(), hashlib.sha256).digest()
    return base64.b32encode(digest[:_SIGNATURE_BYTES]).decode()
