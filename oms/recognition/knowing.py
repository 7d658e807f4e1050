"""Knowing a page: what kind of paper it is and what it says about itself, from its words, boxes and picture.

Knows neither other pages nor the person the dossier is about. What is not surely found stays unknown or is flagged.
"""

from dataclasses import replace
from datetime import date

from oms.recognition.forms import read_form
from oms.recognition.heads import find_page_number, read_head
from oms.recognition.kinds import PageKind, find_kind
from oms.recognition.mentions import find_person
from oms.recognition.pages import PageReading
from oms.recognition.pictures import Picture
from oms.recognition.segments import find_segments
from oms.recognition.separators import find_codes, share_of_photographs


def know_page(reading: PageReading, picture: Picture | None, today: date | None = None) -> PageReading:
    """The reading with kind, head, form and fields; `picture` is the page image the boxes are in.

    Without the picture nothing is read a second time, and codes and photographs are not looked for.
    """
    day = today or date.today()
    blank = reading.quality == "blank"
    segments = find_segments(reading.words)
    form = read_form(reading.words, reading.text, picture, today=day)
    codes = find_codes(picture) if picture is not None and len(reading.words) < 60 and not blank else ()
    few = picture is not None and len(reading.words) < 60 and not blank
    kind = find_kind(
        segments,
        reading.text,
        reading.height,
        form=form.form,
        blank=blank,
        codes=codes,
        photographs=share_of_photographs(picture) if few and picture is not None else 0.0,
    )
    headed = kind in (PageKind.CV, PageKind.BLANK, PageKind.SEPARATOR, PageKind.PHOTOGRAPH)
    whole = kind is PageKind.CERTIFICATE
    head = {} if headed else read_head(segments, reading.height, picture, day, whole=whole) | find_person(reading.words)
    if number := find_page_number(segments, reading.height):
        head["page_number"] = number
    return replace(
        reading, kind=kind.value, head=head, form=form.form, fields=form.fields, tables=form.tables, codes=codes
    )
