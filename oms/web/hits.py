"""What the search page shows of a result: why a thing was found, where it leads, and the filters beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from flask import g, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from oms import catalogue, dossiers, search
from oms.errors import N_, NotFound
from oms.models import Category, DossierStatus, Original, Quality, Unit
from oms.reading import unpack_words
from oms.recognition import doubtful_words
from oms.search.interface import EXACT, MISREAD, UNMARKED
from oms.search.snippets import matching_words
from oms.web.formats import component_title

KINDS: dict[str, str] = {"dossier": N_("People and dossiers"), "document": N_("Documents"), "page": N_("Scanned pages")}
ICONS: dict[str, str] = {"dossier": "person", "document": "file-earmark-text", "page": "image"}
# Of a tier: its heading, and what it means.
TIERS: dict[int, tuple[str, str]] = {
    EXACT: (N_("As typed"), N_("The same words with the same marks.")),
    UNMARKED: (N_("Without regard to marks"), N_("The same letters; the marks were not typed or differ.")),
    MISREAD: (
        N_("Possibly misread"),
        N_("The machine may have misread a word of the paper, or a word is missing. Compare with the image."),
    ),
}
SORTS: dict[str, str] = {"relevance": N_("Best first"), "date": N_("Newest first"), "name": N_("By name")}
FACETS: dict[str, str] = {
    "kind": N_("What"),
    "unit": N_("Unit that holds it"),
    "component": N_("Component of the dossier"),
    "category": N_("Category of dossier"),
    "year": N_("Year of the document"),
    "state": N_("State"),
    "quality": N_("How well it was read"),
}
KEPT = ("q", *FACETS, "dossier", "sort")
"""Parts of the address that make a question; the page of the result is not one of them."""
# What a thing of each kind may be in (oms.search.records): dossiers, documents, pages.
STATES: dict[str, str] = {
    **{state.value: state.label for state in (*DossierStatus, *Original)},
    "filed": N_("Filed"),
    "waiting": N_("Not filed yet"),
    "corrected": N_("Corrected by hand"),
}
# Values of one filter shown at most; the rest come within reach by narrowing.
VALUES = 12


@dataclass(frozen=True)
class Value:
    """One value of a filter with its count; `address` switches it on, or off where it is on."""

    label: str
    count: int
    address: str
    is_on: bool


@dataclass(frozen=True)
class Shown:
    """One hit as the page shows it: where it leads, in which part of it the words stand, which words were taken for
    which, and the image of the doubtful line or ""."""

    hit: search.Hit
    kind: str
    address: str
    place: str
    reasons: list[str]
    line: str


def shown(results: search.Results, words: str) -> list[Shown]:
    """The hits with their addresses, reasons and lines; a document leads to its first page."""
    documents = [hit.document.id for hit in results.hits if hit.document is not None and hit.page is None]
    pages = dossiers.pages_of(g.session, documents)
    found = []
    for hit in results.hits:
        page = hit.page
        if page is None and hit.document is not None and pages[hit.document.id]:
            page = pages[hit.document.id][0]
        if page is not None:
            address = url_for("pages.show", id=page.id, q=words or None)
        else:
            address = url_for("dossiers.show", id=hit.dossier.id)
        kind = "page" if hit.page else ("document" if hit.document else "dossier")
        asked = results.asked.shown
        place = _place(hit, kind) if asked else ""
        found.append(Shown(hit, kind, address, place, _reasons(hit), _line(hit, asked)))
    return found


def _reasons(hit: search.Hit) -> list[str]:
    """Which words were taken for which, in words."""
    return [
        _("read as “%(found)s” in place of “%(typed)s”", found=taken, typed=typed)
        if taken
        else _("“%(typed)s” does not stand in it", typed=typed)
        for typed, taken in hit.instead
    ]


def _place(hit: search.Hit, kind: str) -> str:
    """In which part of it the words stand."""
    places: dict[tuple[str, str], str] = {
        ("dossier", "heading"): _("in the name or the number"),
        ("dossier", "text"): _("in what is written about the person"),
        ("document", "heading"): _("in the title or the number"),
        ("document", "text"): _("in what is written about the document"),
        ("page", "heading"): _("in the title of the document"),
        ("page", "text"): _("in the text of the page"),
    }
    return places[kind, hit.where]


def _line(hit: search.Hit, asked: str) -> str:
    """Address of the image of the line with the word the machine was not sure of; "" when it was sure of all."""
    page = hit.page
    if page is None or page.image_sha256 is None or not asked:
        return ""
    read = unpack_words(page.words)
    matching = sorted(matching_words([word.text for word in read], asked, hit.instead))
    doubtful = set(doubtful_words([read[number] for number in matching]))
    unsure = [number for place, number in enumerate(matching) if place in doubtful or hit.instead]
    return url_for("search.line", id=page.id, number=unsure[0]) if unsure else ""


def facets(results: search.Results) -> list[tuple[str, list[Value]]]:
    """The filters that divide these results, each with its values, the most frequent first."""
    label = _labels(results)
    found = []
    for name, title in FACETS.items():
        counts = results.facets.get(name, {})
        on = request.args.get(name)
        if len(counts) < 2 and not on:
            continue
        newest = name == "year"
        ordered = sorted(counts.items(), key=lambda row: (-int(row[0]) if newest else -row[1], row[0]))[:VALUES]
        if on and on not in dict(ordered):
            ordered.append((on, counts.get(on, 0)))
        found.append((_(title), [Value(label(name, v), n, _switched(name, v, on), v == on) for v, n in ordered]))
    return found


def asked_address(**changed: Any) -> dict[str, Any]:
    """The parts of this question's address, some of them changed; None leaves one out."""
    kept = {name: request.args.get(name) or None for name in KEPT} | changed
    return {name: value for name, value in kept.items() if value is not None}


def words_of(address: str) -> str:
    """What to call a kept question: its words, else the values it is narrowed to."""
    parts = dict(parse_qsl(address))
    if words := parts.get("q", ""):
        return words
    labels = {"kind": KINDS, "quality": {each.value: each.label for each in Quality}, "state": STATES}
    told = [_(labels.get(name, {}).get(value, value)) for name, value in parts.items() if name in ("kind", "year")]
    name: str = " · ".join(told) or _("Narrowed list")
    return name


def _switched(name: str, value: str, on: str | None) -> str:
    """This search with the filter on `value`, or without it where it is on already."""
    return url_for("search.show", **asked_address(**{name: None if value == on else value}))


def _labels(results: search.Results) -> Any:
    unit_ids = [*results.facets.get("unit", {}), request.args.get("unit", "")]
    units: dict[str, str] = {}
    for row in g.session.scalars(select(Unit).where(Unit.id.in_(unit_ids))):
        units[row.id] = row.short_name
    words: dict[str, Mapping[str, str]] = {
        "kind": KINDS,
        "category": {category.value: category.label for category in Category},
        "state": STATES,
        "quality": {quality.value: quality.label for quality in Quality},
    }

    def label(name: str, value: str) -> str:
        if name == "component":
            return component_words(value)
        if name == "unit":
            return units.get(value, "—")
        known = words.get(name, {}).get(value)
        told: str = _(known) if known else value
        return told

    return label


def component_words(component_id: str) -> str:
    """The title of a component in the language of the page, whatever its category; the bare id when unknown."""
    try:
        return component_title(component_id, catalogue.component(component_id).category)
    except NotFound:
        return component_id
