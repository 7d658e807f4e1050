"""Phiếu bổ sung lý lịch: what a person declares for a year, to be signed and attested; blank where nothing was typed."""

from dataclasses import dataclass
from datetime import date

from reportlab.lib.units import mm
from reportlab.platypus import Flowable

from oms.printing.heads import Body, head, title
from oms.printing.sheet import (
    WIDTH,
    Column,
    Imprint,
    Signer,
    build,
    line,
    plain,
    running,
    signatures,
    table,
)
from oms.printing.subjects import Subject, tell_subject

ROOM = 9
"""Millimetres of a row that is written by hand."""


@dataclass(frozen=True)
class Changed:
    """One value: what it was, what it is now, since when; the last two stay empty on a blank form."""

    label: str
    old: str = ""
    new: str = ""
    since: str = ""


@dataclass(frozen=True)
class NewRows:
    """The new rows of one table of the form."""

    label: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class SupplementForm:
    """The form with its head, its sentences and who signs it; `blank` leaves room to write by hand."""

    body: Body
    imprint: Imprint
    day: date | None
    name: str
    code: str
    year: int
    subject: Subject
    pledge: str
    signers: tuple[str, ...]
    values: tuple[Changed, ...] = ()
    tables: tuple[NewRows, ...] = ()
    blank: bool = False


def draw_supplement_form(form: SupplementForm) -> bytes:
    """The form as a PDF."""
    story: list[Flowable] = [
        *head(form.body, form.imprint, form.day, form=form.code, numbered=False),
        *title(form.name, f"Năm {form.year}", imprint=form.imprint),
        *tell_subject(form.subject),
    ]
    if not form.values and not form.tables:
        story.append(running("Trong năm, các nội dung trong lý lịch không có thay đổi so với lần khai trước."))
    if form.values:
        story += [line("<b>I. Nội dung thay đổi</b>", above=6), _values(form)]
    if form.tables:
        story.append(line(f"<b>{'II' if form.values else 'I'}. Nội dung bổ sung</b>", above=6))
        for part in form.tables:
            story += [line(plain(part.label), above=4), _rows(part, blank=form.blank)]
    story += [
        running(plain(form.pledge)),
        signatures(*(Signer(words.upper(), _hint(place)) for place, words in enumerate(form.signers))),
    ]
    return build(story, form.imprint, title=f"{form.name} {form.year} {form.subject.dossier_number}")


def _hint(place: int) -> str:
    return "(Ký, ghi rõ họ tên)" if place == 0 else "(Ký, ghi rõ họ tên, đóng dấu)"


def _values(form: SupplementForm) -> Flowable:
    columns = (
        Column("TT", 10, "center"),
        Column("Nội dung", 42),
        Column("Đã khai", 43),
        Column("Nay khai", 45),
        Column("Từ khi nào", 25, "center"),
    )
    rows = [(n, one.label, one.old, one.new, one.since) for n, one in enumerate(form.values, 1)]
    return table(columns, rows, height=ROOM if form.blank else 0)


def _rows(part: NewRows, *, blank: bool) -> Flowable:
    wide = WIDTH / mm / len(part.columns)
    columns = [Column(heading, wide) for heading in part.columns]
    rows = part.rows or (("",) * len(part.columns),) * 2
    return table(columns, rows, height=ROOM if blank else 0)
