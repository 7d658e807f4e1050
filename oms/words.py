"""Sentences in the language of the reader, outside of the web server: the command line and its errors.

Plain gettext over the catalogues in `oms/translations`; a sentence without a translation stays English.
"""

import gettext
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from oms.errors import OmsError
from oms.settings import Settings, SettingsError

TRANSLATIONS = Path(__file__).parent / "translations"


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation("messages", TRANSLATIONS, languages=[language], fallback=True)


def language_of_installation() -> str:
    """The language of this installation; settings that cannot be read must not keep anybody from reading why."""
    try:
        return Settings.from_environment().language
    except SettingsError:
        return os.environ.get("OMS_LANGUAGE", "vi")


def translate(message: str, values: Mapping[str, object] | None = None, language: str | None = None) -> str:
    """The sentence of a message id, with its values put in."""
    chosen = language or language_of_installation()
    sentence = _catalogue(chosen).gettext(message) if message else ""
    return sentence % values if values else sentence


def sentence_of(error: OmsError, language: str | None = None) -> str:
    """A refusal in the language of the reader."""
    return translate(error.message, error.values, language)
