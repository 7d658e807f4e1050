"""What the machine proposes for the pages of a scan: where documents begin, what they are, whom they are about.

Proposals only: nothing here changes a row, and a person confirms each. The reading itself is in `oms.recognition`; this
module knows pages, people and the catalogue.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from oms import catalogue
from oms.models import Page, Quality
from oms.recognition.boundaries import Side, Stretch, propose_documents
from oms.recognition.forms.sense import weight
from oms.recognition.kinds import PageKind
from oms.vietnamese.letterheads import Head, read_head
from oms.vietnamese.paper_names import read_paper
from oms.vietnamese.text import fold, words

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


def propose(pages: Sequence[Page], components: Sequence[catalogue.Component], file_name: str = "") -> list[Proposal]:
    """The documents of a scan that still wait, in order; pages filed already are left out.

    A file named by rule (`STT.Ten.pdf`) is one paper, and its name says what the pages do not.
    """
    stretches = propose_documents([side_of(page) for page in pages])
    paper = read_paper(file_name)
    named = paper.title if paper.order is not None and len(stretches) == 1 else ""
    found = []
    for stretch in stretches:
        own = [pages[place] for place in stretch.pages]
        waiting = tuple(page for page in own if page.document_id is None)
        if waiting:
            found.append(_proposal(stretch, waiting, components, named))
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


def _proposal(
    stretch: Stretch, pages: tuple[Page, ...], components: Sequence[catalogue.Component], named: str
) -> Proposal:
    values, flags = _head_values(pages)
    said = _said_by_sheet(pages, components)
    form = next((found["form"] for page in pages if (found := page.findings) and found.get("form")), None)
    if form and "title" not in values:
        values["title"] = catalogue.form(form).label_vi
    component = propose_component(stretch.kind, form, values.get("title", ""), components)
    if component is None and named:
        component = propose_component(stretch.kind, form, named, components)
    if named:
        values.setdefault("title", named)
    if said:
        values.setdefault("title", said.label_vi)
        component = said.id
    if component:
        values["component"] = component
    return Proposal(pages, stretch.kind, stretch.reason, values, flags)


def _said_by_sheet(pages: Sequence[Page], components: Sequence[catalogue.Component]) -> catalogue.Component | None:
    """The component a cover sheet said the scan is of: a person laid it there, which no reading outweighs."""
    said = pages[0].scan.component_id if pages[0].scan else None
    return next((row for row in components if row.id == said), None) if said else None


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
