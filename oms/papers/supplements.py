"""The printed supplement of one dossier: as declared, or blank for who declares on paper."""

import io
from collections.abc import Sequence

import pikepdf
from sqlalchemy.orm import Session

from oms import audit, campaigns, catalogue, organisation
from oms.campaigns import Asked
from oms.errors import N_, BadInput, NotFound
from oms.models import Campaign, Declaration, DeclarationState, DeclaredEntry, now
from oms.organisation import HANOI
from oms.papers.issuing import PDF, Paper, Printing, body_of, write_date
from oms.permissions import Action, can
from oms.printing import Imprint, Subject, SupplementForm, draw_supplement_form
from oms.printing.supplement_form import Changed, NewRows

FORMS_AT_ONCE = 100
"""Forms in one file: a minute of the server, and a stack of paper somebody can carry."""


def blank_forms(
    session: Session,
    campaign: Campaign,
    *,
    printing: Printing,
    unit_id: str = "",
    no_account: bool = False,
    part: int = 1,
) -> Paper:
    """The forms of those who have not begun, by name, in one file: the first `FORMS_AT_ONCE`, or a later part.

    Drawing takes up to a minute, so a request does it in a reading session. Raises `BadInput` when there is nobody.
    """
    part = max(part, 1)
    rows, total = campaigns.list_declarations(
        session,
        campaign,
        actor=printing.actor,
        unit_id=unit_id,
        states=(DeclarationState.NOT_STARTED,),
        no_account=no_account,
        page=part,
        size=FORMS_AT_ONCE,
    )
    if total and not rows:
        raise BadInput(N_("Fewer people are left who have not begun. Choose again which forms to print."))
    if not rows:
        raise BadInput(N_("Everybody of this choice has begun: there is no blank form to print."))
    with pikepdf.new() as whole:
        for declaration, _account in rows:
            form = supplement_form(session, declaration, printing=printing)
            with pikepdf.open(io.BytesIO(form.body)) as one:
                whole.pages.extend(one.pages)
        out = io.BytesIO()
        whole.save(out)
    first = (part - 1) * FORMS_AT_ONCE + 1
    return Paper(f"phieu-bo-sung-{campaign.number}-{first}-{first + len(rows) - 1}.pdf", PDF, out.getvalue())


def parts_of(number: int) -> list[tuple[int, int, int]]:
    """The files that many blank forms leave in: which part, its first form and its last one."""
    return [
        (part, first, min(first + FORMS_AT_ONCE - 1, number))
        for part, first in enumerate(range(1, number + 1, FORMS_AT_ONCE), 1)
    ]


def supplement_form(session: Session, declaration: Declaration, *, printing: Printing) -> Paper:
    """Phiếu bổ sung lý lịch, for the person and for the bodies concerned; it bears no number, the person signs it.

    Values the actor need not know are left out; a draft of the person is printed by the person only.
    """
    actor, dossier, campaign = printing.actor, declaration.dossier, declaration.campaign
    own = campaigns.is_person(declaration, actor=actor)
    if not own and not can(actor, Action.DECLARATION_READ, declaration):
        raise NotFound()
    form = catalogue.supplement_form(dossier.category.value, organisation.today())
    asked = [
        one
        for one in campaigns.ask(session, declaration, campaigns.things_of(campaign, dossier))
        if own or campaigns.may_see(one.key, declaration, actor=actor)
    ]
    private = declaration.state is DeclarationState.DRAFT and not declaration.on_paper and not own
    blank = private or declaration.state is DeclarationState.NOT_STARTED
    audit.record(session, "declaration:print", declaration, actor=actor, dossier_id=dossier.id, blank=blank)
    entries = [] if blank else declaration.entries
    drawn = SupplementForm(
        body=body_of(dossier.managing_body, dossier.category),
        imprint=_imprint(declaration, printing),
        day=None,
        name=form.label_vi,
        code=form.code,
        year=campaign.year,
        subject=_subject(declaration, knows=own or can(actor, Action.PERSON_READ, dossier.person)),
        pledge=form.pledge,
        signers=form.signers,
        values=_values(asked, entries, blank=blank),
        tables=_tables(asked, entries, blank=blank),
        blank=blank,
    )
    return Paper(f"phieu-bo-sung-{campaign.year}-{dossier.number}.pdf", PDF, draw_supplement_form(drawn))


def _imprint(declaration: Declaration, printing: Printing) -> Imprint:
    address = printing.address.rstrip("/")
    return Imprint(
        number=f"{declaration.campaign.number} · {declaration.dossier.number}",
        printed_by=printing.actor.name,
        printed_at=now().astimezone(HANOI),
        purpose=printing.purpose_words.lower(),
        address=f"{address}/declarations/{declaration.id}" if address else "",
    )


def _subject(declaration: Declaration, *, knows: bool) -> Subject:
    """What stands at the head of the form; the post for who keeps the dossier and the person, left free for others."""
    dossier, person = declaration.dossier, declaration.dossier.person
    return Subject(
        full_name=person.full_name,
        dossier_number=dossier.number,
        category=catalogue.term("category", dossier.category.value).label_vi,
        birth=write_date(person.birth_date, person.birth_precision),
        position=person.position or "" if knows else "",
        unit=person.unit.short_name,
    )


def _values(asked: Sequence[Asked], entries: Sequence[DeclaredEntry], *, blank: bool) -> tuple[Changed, ...]:
    if blank:
        return tuple(Changed(one.label, one.present) for one in asked if not one.columns)
    labels = {one.key: one.label for one in asked}
    return tuple(
        Changed(labels[entry.key], entry.old_text, entry.new_text, entry.since)
        for entry in entries
        if not entry.cells and entry.key in labels
    )


def _tables(asked: Sequence[Asked], entries: Sequence[DeclaredEntry], *, blank: bool) -> tuple[NewRows, ...]:
    found = []
    for one in asked:
        rows = tuple(tuple(entry.cells) for entry in entries if entry.key == one.key and entry.cells)
        if one.columns and (rows or blank):
            found.append(NewRows(one.label, one.columns, rows))
    return tuple(found)
