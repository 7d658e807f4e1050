"""What officers write in a procedure: reasons, lines and longer texts, in NFC and within their lengths."""

from oms.errors import N_, BadInput
from oms.vietnamese.text import nfc

REASON = 10, 1000
"""Characters of a reason."""
LINE_LENGTH = 200
TEXT_LENGTH = 4000
"""Characters of what minutes say under one heading."""
NUMBER_LENGTH = 80


def check_reason(text: str) -> str:
    """A reason as one paragraph; raises `BadInput` for one that says too little or too much."""
    words = " ".join(nfc(text).split())
    if not REASON[0] <= len(words) <= REASON[1]:
        raise BadInput(N_("Write the reason in %(least)s to %(most)s characters."), least=REASON[0], most=REASON[1])
    return words


def check_number(text: str, missing: str) -> str:
    """The number of a paper; raises `BadInput` with the sentence `missing` without one or for a longer text."""
    number = " ".join(nfc(text).split())
    if not number or len(number) > NUMBER_LENGTH:
        raise BadInput(missing)
    return number


def tidy_lines(text: str) -> str:
    """Lines without blanks around them and without empty ones, at most `TEXT_LENGTH` characters."""
    lines = (" ".join(line.split()) for line in nfc(text).splitlines())
    return "\n".join(line for line in lines if line)[:TEXT_LENGTH]


def check_text(text: str, missing: str) -> str:
    """Lines that must say something; raises `BadInput` with the sentence `missing` when they do not."""
    words = tidy_lines(text)
    if not words:
        raise BadInput(missing)
    return words
