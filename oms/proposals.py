"""What the machine proposes for the pages of a scan: where documents begin, what they are, whom they are about.

Proposals only: nothing here changes a row, and a person confirms each. The reading itself is in `oms.recognition`; this
module knows pages, people and the catalogue.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from oms import catalogue
from oms.errors import N_
from oms.models import Page, Person, Precision, Quality
from oms.recognition.boundaries import Side, Stretch, propose_documents
from oms.recognition.forms.sense import weight
from oms.recognition.forms.strip import distance
from oms.recognition.kinds import PageKind
from oms.recognition.segments import squeeze
from oms.vietnamese.dates import ImpossibleDate, parse_date
from oms.vietnamese.letterheads import Head, read_head
from oms.vietnamese.text import fold, words

OTHER_NAME = N_("Page %(page)s names %(found)s, but this dossier is that of %(person)s.")
OTHER_BIRTH = N_("Page %(page)s gives the birth date %(found)s, the register of this dossier %(known)s.")

_GROUPS = {
    PageKind.CV: ("curriculum", "before_admission", "admission"),
    PageKind.CERTIFICATE: ("training", "identity"),
    PageKind.ASSESSMENT: ("assessments",),
}
"""Groups of the contents list a kind of page is looked for first."""

_COMMON = frozenset(
    (
        "cua", "va", "ve", "viec", "doi", "voi", "can", "bo", "cong", "chuc", "vien", "cac", "co", "duoc", "theo",
        "tai", "trong", "den", "so", "ngay", "thang", "nam",
    )
)  # fmt: skip
_CLEARLY = 1.2
_IMPOSSIBLE = 3


@dataclass(frozen=True)
class Proposal:
    """A proposed document: its pages that wait, why it begins there, and what is known of it.

    `values` and `flags` have the names of the filing form (component, title, number, issued_on, issuing_body, signer).
    """

    pages: tuple[Page, ...]
    kind: PageKind
    reason: str
    values: Mapping[str, str] = field(default_factory=dict)
    flags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Stranger:
    """A sentence about a page that seems to be about somebody else, with its values."""

    message: str
    values: Mapping[str, object]


def propose(pages: Sequence[Page], components: Sequence[catalogue.Component]) -> list[Proposal]:
    """The documents of a scan that still wait, in order; pages filed already are left out."""
    found = []
    for stretch in propose_documents([side_of(page) for page in pages]):
        own = [pages[place] for place in stretch.pages]
        waiting = tuple(page for page in own if page.document_id is None)
        if waiting:
            found.append(_proposal(stretch, waiting, components))
    return found


def side_of(page: Page) -> Side:
    """What the boundaries of documents are told by."""
    found = page.findings or {}
    head, fields = found.get("head", {}), found.get("fields", {})
    number = head.get("page_number", {}).get("value", "")
    unknown = PageKind.BLANK if page.quality == Quality.BLANK else PageKind.CONTINUATION
    return Side(
        PageKind(page.kind) if page.kind else unknown,
        found.get("form"),
        bool(fields.get("full_name") or fields.get("birth_date")),
        int(number) if number.isdigit() else None,
        bool(head.get("number") and head.get("issuer")),
    )


def _proposal(stretch: Stretch, pages: tuple[Page, ...], components: Sequence[catalogue.Component]) -> Proposal:
    values, flags = _head_values(pages)
    form = next((found["form"] for page in pages if (found := page.findings) and found.get("form")), None)
    if form and "title" not in values:
        values["title"] = catalogue.form(form).label_vi
    component = propose_component(stretch.kind, form, values.get("title", ""), components)
    if component:
        values["component"] = component
    return Proposal(pages, stretch.kind, stretch.reason, values, flags)


def _head_values(pages: Sequence[Page]) -> tuple[dict[str, str], dict[str, str]]:
    """What the first page says about the document, and the signer of the last page that has one."""
    first = _head_of(pages[0])
    values: dict[str, str] = {}
    flags: dict[str, str] = {}
    for name, key in (("title", "title"), ("number", "number"), ("issued_on", "date"), ("issuing_body", "issuer")):
        _take(values, flags, name, first.get(key))
    for page in reversed(pages):
        if signer := (page.findings or {}).get("head", {}).get("signer"):
            _take(values, flags, "signer", signer)
            break
    if weight(flags.get("issued_on")) >= _IMPOSSIBLE:
        del values["issued_on"]  # a text that is no date is for the eye, not for the field
    return values, flags


def _take(values: dict[str, str], flags: dict[str, str], name: str, found: Mapping[str, Any] | None) -> None:
    if found and found.get("value"):
        values[name] = str(found["value"])
        if found.get("flag"):
            flags[name] = str(found["flag"])


def _head_of(page: Page) -> Mapping[str, Any]:
    """The head as it was found when the page was read; of a page typed or corrected by hand as its text says."""
    if page.findings and not page.corrected:
        return dict(page.findings.get("head", {}))
    return {key: {"value": value} for key, value in _plain(read_head(page.text)).items() if value}


def _plain(head: Head) -> dict[str, str | None]:
    dated = str(head.dated) if head.dated else None
    return {"number": head.number, "date": dated, "title": head.title, "issuer": head.issuer}


def propose_component(
    kind: PageKind, form: str | None, title: str, components: Sequence[catalogue.Component]
) -> str | None:
    """The component a paper surely looks like: by its form, else by the words of its title; None when two fit."""
    fitting = [row for row in components if row.store_in_system]
    if form is not None:
        exact = [row.id for row in fitting if form in (row.form, *row.earlier_forms)]
        if len(exact) == 1:
            return exact[0]
    groups = _GROUPS.get(kind)
    if groups:
        fitting = [row for row in fitting if row.group in groups] or fitting
    return _best_by_words(title, fitting)


def _best_by_words(title: str, components: Sequence[catalogue.Component]) -> str | None:
    wanted = _telling(title)
    labels = {row.id: _telling(row.label_vi) for row in components}
    seen = Counter(word for label in labels.values() for word in label)
    scores = {
        id: sum(math.log(1 + len(labels) / seen[word]) for word in wanted & label) / math.sqrt(5 + len(label))
        for id, label in labels.items()
    }
    ranked = sorted(scores, key=lambda id: -scores[id])
    if not ranked or len(wanted & labels[ranked[0]]) < 2:
        return None
    if len(ranked) > 1 and scores[ranked[0]] < _CLEARLY * scores[ranked[1]]:
        return None
    return ranked[0]


def _telling(text: str) -> set[str]:
    return {word for word in words(fold(text)) if word not in _COMMON and not word.isdigit()}


def find_strangers(person: Person, pages: Sequence[Page]) -> list[Stranger]:
    """Pages whose name or birth date clearly belongs to somebody else than `person`; what is unsure says nothing."""
    names = [person.full_name, *(alias.name for alias in person.aliases)]
    warnings = []
    for page in pages:
        found = page.findings or {}
        about = {**found.get("head", {}), **found.get("fields", {})}
        name = _believed(about.get("full_name") or about.get("person"))
        born = _believed(about.get("birth_date"))
        values = {"page": page.number, "person": person.full_name}
        if name and not any(is_same_name(name, known) for known in names):
            warnings.append(Stranger(OTHER_NAME, {**values, "found": name}))
        elif born and (known := _other_day(person, born)):
            warnings.append(Stranger(OTHER_BIRTH, {**values, "found": born, "known": known}))
    return warnings


def _believed(value: Mapping[str, Any] | None) -> str | None:
    if not value or not value.get("value") or weight(value.get("flag")) >= _IMPOSSIBLE:
        return None
    return str(value["value"])


def is_same_name(found: str, known: str) -> bool:
    """Whether a name read from a page can be a known one with letters misread: one in five may differ."""
    one, other = squeeze(found), squeeze(known)
    if not one or not other:
        return True
    cost, seen = distance(other, one)
    return cost + len(one) - seen <= max(1, len(other) // 5)


def _other_day(person: Person, born: str) -> str | None:
    """The birth date of the register when the paper clearly gives another one."""
    if person.birth_date is None:
        return None
    try:
        written = parse_date(born)
    except ImpossibleDate:
        return None
    if written is None:
        return None
    known, precision = person.birth_date, person.birth_precision or Precision.DAY
    years = (written.first.year, known.year)
    days = ((written.first.month, written.first.day), (known.month, known.day))
    both = precision == Precision.DAY and written.precision.value == "day"
    if years[0] == years[1] and not (both and days[0] != days[1]):
        return None
    return _written(known, precision)


def _written(day: date, precision: Precision) -> str:
    shape = {Precision.DAY: "%d/%m/%Y", Precision.MONTH: "%m/%Y", Precision.YEAR: "%Y"}[precision]
    return day.strftime(shape)
