"""Vietnamese is complete: every message of the program and the pages has its sentence, with the same values in it."""

import re
import unicodedata
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

ROOT = Path(__file__).parent.parent
PO = ROOT / "oms" / "translations" / "vi" / "LC_MESSAGES" / "messages.po"
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "lazy_gettext": None, "N_": None, "translate": None}


def in_the_program() -> set[str]:
    messages: set[str] = set()
    for folder, method in (("oms", [("**.py", "python")]), ("templates", [("**.html", "jinja2")])):
        for _file, _line, message, _comments, _context in extract_from_dir(
            str(ROOT / folder), method_map=method, keywords=KEYWORDS
        ):
            messages.update(message if isinstance(message, tuple) else (message,))
    return {message for message in messages if message}


def catalogue() -> Catalog:
    with PO.open("rb") as file:
        return read_po(file)


def values_in(sentence: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)[sd]", sentence))


def test_nothing_is_left_in_english() -> None:
    known = {message.id for message in catalogue() if message.id and message.string and not message.fuzzy}
    assert sorted(in_the_program() - known) == []


def test_nothing_is_translated_that_nobody_says() -> None:
    known = {message.id for message in catalogue() if message.id}
    assert sorted(known - in_the_program()) == []


def test_every_sentence_has_the_values_of_its_message() -> None:
    wrong = [
        message.id for message in catalogue() if message.id and values_in(message.id) != values_in(str(message.string))
    ]
    assert wrong == []


def test_sentences_are_vietnamese_in_composed_letters() -> None:
    for message in catalogue():
        text = str(message.string) if message.id else ""
        assert text == unicodedata.normalize("NFC", text), message.id
        assert text.strip() == text or str(message.id).strip() != message.id, f"stray blanks: {message.id!r}"
