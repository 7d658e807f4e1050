"""Where documents begin in a long scan: proposals that put every page into exactly one.

A new head, a first page of a form, a separator sheet or page numbers that begin anew start a document; blank sides and
pages without a head go with the page before. A proposal is for a person to confirm.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from oms.errors import N_
from oms.recognition.kinds import PageKind

NEW_HEAD = N_("a new head begins")
FORM_BEGINS = N_("a form begins")
AFTER_SEPARATOR = N_("after a separator sheet")
NUMBERS_BEGIN = N_("page numbers begin anew")
FIRST_PAGE = N_("the scan begins")
SEPARATOR = N_("separator sheet, not part of a document")

_HEADED = frozenset(
    {PageKind.DECISION, PageKind.RESOLUTION, PageKind.LETTER, PageKind.CERTIFICATE, PageKind.ASSESSMENT, PageKind.COVER}
)
_FOLLOWS = frozenset({PageKind.CONTINUATION, PageKind.OTHER, PageKind.TABLE, PageKind.BLANK})


@dataclass(frozen=True)
class Side:
    """What is known of one page: kind, form, whether its first items stand on it, number printed on it, whether it has a
    number or date of its own."""

    kind: PageKind
    form: str | None = None
    first_of_form: bool = False
    printed_number: int | None = None
    headed: bool = False


@dataclass(frozen=True)
class Stretch:
    """A proposed document: the places of its pages (from 0), the kind of its first page and why it begins there."""

    pages: tuple[int, ...]
    kind: PageKind
    reason: str


def propose_documents(sides: Sequence[Side]) -> list[Stretch]:
    """The documents of a scan in order; each page lies in exactly one. Separator sheets stand alone."""
    stretches: list[Stretch] = []
    pages: list[int] = []
    reason = FIRST_PAGE
    for place, side in enumerate(sides):
        begins = _begins(sides[place - 1], side) if place else FIRST_PAGE
        if begins is not None and pages:
            stretches.append(_stretch(sides, pages, reason))
            pages = []
        if not pages:
            reason = begins or FIRST_PAGE
        pages.append(place)
    if pages:
        stretches.append(_stretch(sides, pages, reason))
    return stretches


def _stretch(sides: Sequence[Side], pages: Sequence[int], reason: str) -> Stretch:
    kind = sides[pages[0]].kind
    return Stretch(tuple(pages), kind, SEPARATOR if kind == PageKind.SEPARATOR else reason)


def _begins(before: Side, side: Side) -> str | None:
    """Why a document begins with this page, None when it goes on."""
    headed = side.kind in _HEADED or side.kind == PageKind.PHOTOGRAPH or side.headed
    alone = before.kind in (PageKind.CERTIFICATE, PageKind.PHOTOGRAPH, PageKind.COVER)
    form = side.kind == PageKind.CV
    rules = (
        (SEPARATOR, side.kind == PageKind.SEPARATOR),
        (AFTER_SEPARATOR, before.kind == PageKind.SEPARATOR),
        (None, side.kind == PageKind.BLANK),
        (FORM_BEGINS, form and _form_begins(before, side)),
        (None, form),
        (NEW_HEAD, headed),
        (NUMBERS_BEGIN, side.printed_number == 1 and side.kind in _FOLLOWS),
        (NEW_HEAD, alone),
    )
    return next((reason for reason, holds in rules if holds), None)


def _form_begins(before: Side, side: Side) -> bool:
    other = side.form is not None and before.form is not None and side.form != before.form
    return side.first_of_form or before.kind not in (PageKind.CV, PageKind.BLANK) or other
