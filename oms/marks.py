"""The hidden mark in page images: whom an image was made for, and on which day, in the pixels people do not see.

Every page image that leaves for a browser or a program, and every marked copy or print, bears it; originals and
searchable PDFs are given out as they are. `oms.leaks` reads it back. Nothing is kept but the key: an image is marked
each time it is shown, in memory.
"""

import hashlib
import hmac
from datetime import date

from oms import storage
from oms.organisation import today
from oms.permissions import Actor
from oms.recognition.hidden_marks import Pattern, hide
from oms.settings import Settings, kept_key

KEY_FILE = "marks.key"


def image_for(settings: Settings, actor: Actor, page_id: str, sha256: str) -> bytes:
    """The page image for this account today; raises `NotFound` and `vault.Damaged`."""
    return hide(storage.read(settings.scans, sha256), pattern_for(settings, actor, page_id))


def pattern_for(settings: Settings, actor: Actor, page_id: str) -> Pattern:
    """What is hidden in a page shown to the actor now."""
    return pattern_of(key_of(settings), actor.account_id, page_id, today())


def key_of(settings: Settings) -> bytes:
    """The key of the marks of this installation; with another one, marks made before cannot be read any more."""
    return kept_key(settings, KEY_FILE).encode()


def pattern_of(key: bytes, account_id: str, page_id: str, day: date) -> Pattern:
    """What is hidden in a page for an account on a day: without the key it is chance."""
    return Pattern(
        _derive(key, f"cells\n{account_id}\n{page_id}\n{day.isoformat()}"), _derive(key, f"bands\n{page_id}")
    )


def _derive(key: bytes, said: str) -> bytes:
    return hmac.new(key, b"oms hidden mark\n" + said.encode(), hashlib.sha256).digest()
