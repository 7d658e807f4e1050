"""Knowing a page: what kind of paper it is and what it says about itself, from its words, boxes and picture.

Knows neither other pages nor the person the dossier is about. What is not surely found stays unknown.
"""

from dataclasses import replace

from oms.recognition.forms import find_form
from oms.recognition.pages import PageReading
from oms.recognition.pictures import Picture


def know_page(reading: PageReading, picture: Picture) -> PageReading:
    """The reading with kind, head, form and fields; `picture` is the page image the boxes are in."""
    del picture
    return replace(reading, form=find_form(reading.text))
