"""Personal names: the order of lists and the key by which the same name is recognised.

People are sorted and addressed by the given name, the last word. Names of minorities are written as they are
(K'Bris, Y Thông, H'Hen Niê); a name may have one word. Nothing here corrects a name.
"""

from oms.vietnamese.text import fold, split_tone, tone_key, words

_ALPHABET = "0123456789aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_TONES = ("", "\u0300", "\u0309", "\u0303", "\u0301", "\u0323")  # dictionary order: ngang huyền hỏi ngã sắc nặng
_CODES = {letter: f"{place:02d}" for place, letter in enumerate(_ALPHABET, start=1)}
_END = "00"
"""Closes the letters of a word: lower than any letter, so An stands before Anh."""


def given_name(full_name: str) -> str:
    """The word by which a person is sorted and addressed: the last one, in NFC; nothing for an empty name."""
    return (words(full_name) or [""])[-1]


def sort_key(full_name: str) -> str:
    """Key of `full_name` for sorting: given name first, then the other words; digits only, so that SQLite,
    PostgreSQL with any collation and Python sort it alike."""
    parts = words(tone_key(full_name))
    return "".join(_word_key(part) for part in parts[-1:] + parts[:-1])


def name_key(full_name: str) -> str:
    """Key under which spellings of one name meet: without marks, y as i, apostrophes and blanks alike."""
    return " ".join(words(fold(full_name).replace("y", "i")))


def _word_key(word: str) -> str:
    letters, tones = "", ""
    for letter in word:
        plain, tone = split_tone(letter)
        letters += "".join(_letter_code(part) for part in (plain if plain in _CODES else fold(plain)))
        tones += str(_TONES.index(tone)) if tone in _TONES else "0"
    return letters + _END + tones


def _letter_code(letter: str) -> str:
    """Two digits for a Vietnamese letter, a longer code behind them all for any other."""
    return _CODES.get(letter) or f"99{ord(letter):07d}"
