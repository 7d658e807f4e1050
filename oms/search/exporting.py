"""A search result as an Excel file: for lists that must leave the house, with who took them and what for.

A file leaves the protection of the house, so it is small, needs a purpose and is written down. Knows no page; the
caller says how headings are translated.
"""

from collections.abc import Iterator

from sqlalchemy.orm import Session

from oms import audit
from oms.errors import N_, BadInput
from oms.exporting import Translate, require_purpose, who_took_it
from oms.models import Precision
from oms.permissions import Action, Actor, require
from oms.search.finding import Filters, Hit, Results, look_up, narrowed
from oms.search.interface import EXACT, UNMARKED, Engine, Sort
from oms.search.records import component_label
from oms.spreadsheets import Value, write_list

MOST_ROWS = 2_000
# Heading and width in characters.
_COLUMNS = (
    (N_("No."), 6),
    (N_("What"), 14),
    (N_("Full name"), 28),
    (N_("Number of the dossier"), 16),
    (N_("Category of dossier"), 24),
    (N_("Unit that holds it"), 34),
    (N_("Title of the document"), 48),
    (N_("Number of the document"), 20),
    (N_("Date of the document"), 14),
    (N_("Component of the dossier"), 40),
    (N_("Page"), 8),
    (N_("Found"), 22),
)
_KINDS = {"dossier": N_("Dossier"), "document": N_("Document"), "page": N_("Page")}


def export(
    session: Session,
    engine: Engine,
    words: str,
    *,
    purpose: str,
    actor: Actor,
    filters: Filters,
    sort: Sort,
    translate: Translate,
) -> bytes:
    """All hits as an .xlsx file; `BadInput` without a purpose, without a hit and for more than `MOST_ROWS`,
    `ConfirmationNeeded` without a fresh password."""
    require(actor, Action.SEARCH)
    reason = require_purpose(purpose, actor=actor)
    results = look_up(session, engine, words, filters, actor=actor, size=MOST_ROWS, sort=sort)
    if results.total > MOST_ROWS:
        raise BadInput(
            N_("This search finds %(total)s things, and a file holds at most %(limit)s. Narrow the search first."),
            total=results.total,
            limit=MOST_ROWS,
        )
    if not results.hits:
        raise BadInput(N_("Nothing was found, so there is nothing to export."))
    audit.record(
        session,
        "search:export",
        actor=actor,
        words=f"{reason} · {words}" if words else reason,
        rows=len(results.hits),
        **narrowed(filters),
    )
    return _write(results, words, reason, actor, translate)


def _write(results: Results, words: str, purpose: str, actor: Actor, translate: Translate) -> bytes:
    facts: list[tuple[str, Value]] = [
        (translate(N_("Searched for")), words),
        (translate(N_("Rows")), len(results.hits)),
        *who_took_it(purpose, actor=actor, translate=translate),
    ]
    columns = [(translate(heading), width) for heading, width in _COLUMNS]
    about = translate(N_("About this file")), facts
    return write_list(translate(N_("Search results")), columns, _rows(results, translate), about)


def _rows(results: Results, translate: Translate) -> Iterator[list[Value]]:
    for number, hit in enumerate(results.hits, start=1):
        document, page, dossier = hit.document, hit.page, hit.dossier
        kind = "page" if page else ("document" if document else "dossier")
        yield [
            number,
            translate(_KINDS[kind]),
            dossier.person.full_name,
            dossier.number,
            translate(dossier.category.label),
            dossier.custodian.name,
            document.title if document else None,
            document.number if document else None,
            _issued(hit),
            component_label(document.component_id, dossier.category.value) if document else None,
            (page.document_position or page.number) if page else None,
            translate(_tier(hit)),
        ]


def _tier(hit: Hit) -> str:
    if hit.tier == EXACT:
        return N_("As typed")
    return N_("Without regard to marks") if hit.tier == UNMARKED else N_("Possibly misread")


def _issued(hit: Hit) -> Value:
    """A date as a date where the paper says the day; else as much as it says, as text."""
    document = hit.document
    if document is None or document.issued_on is None:
        return None
    if document.issued_precision in (None, Precision.DAY):
        return document.issued_on
    return document.issued_on.strftime("%m/%Y" if document.issued_precision == Precision.MONTH else "%Y")
