"""Sentences outside of the web server: in the language of the installation, whatever else is wrong."""

import os

import pytest

from oms import words
from oms.errors import N_, BadInput


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    """No setting of the machine (or of the test run) reaches the words."""
    for name in list(os.environ):
        if name.startswith("OMS_"):
            monkeypatch.delenv(name)


def test_a_sentence_without_translation_stays_as_it_is():
    assert words.translate("No such sentence, %(name)s.", {"name": "Hòa"}, "vi") == "No such sentence, Hòa."
    assert words.translate("", None, "vi") == "", "the head of a catalogue is not a sentence"


def test_values_may_hold_percent_signs():
    assert words.sentence_of(BadInput(N_("It is %(share)s full."), share="100%"), "en") == "It is 100% full."
    assert words.translate("100% of nothing", None, "en") == "100% of nothing"


def test_settings_that_cannot_be_read_keep_nobody_from_reading_why(monkeypatch, tmp_path):
    monkeypatch.setenv("OMS_HOME", str(tmp_path))
    monkeypatch.setenv("OMS_PROT", "1")
    monkeypatch.setenv("OMS_LANGUAGE", "en")
    assert words.language_of_installation() == "en"
    monkeypatch.delenv("OMS_LANGUAGE")
    assert words.language_of_installation() == "vi"
