"""How the two sides of a box speak: the program inside and whoever asks it."""

import struct

HEAD = struct.Struct(">IQ")
"""Before an answer: bytes of its JSON, bytes of its data."""

LONGEST_QUESTION = 64 * 1024
READY = b"ready"
LIMIT = "limit"
"""What a box says of a document that wanted more memory than there is for one."""


class Said(Exception):
    """What the program in the box has to say of a document, instead of an answer: one word and numbers.

    Whoever asked knows the words it may say; anything else counts as a broken document.
    """

    def __init__(self, word: str, **numbers: int) -> None:
        super().__init__(word)
        self.word = word
        self.numbers = numbers
