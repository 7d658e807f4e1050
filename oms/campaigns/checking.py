"""Checking and attesting: the using body says of each declared value whether it stands, the managing body attests.

What was approved becomes part of the record in the transaction of the attestation, in the name of who approved it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from oms import audit, catalogue, db, dossiers, jobs, record
from oms.campaigns.asking import Asked, ask, may_see, things_of
from oms.campaigns.finding import NOT_CLOSED
from oms.campaigns.steps import Step, get_step, require_step
from oms.errors import N_, BadInput, Conflict, OmsError, Refused
from oms.models import (
    Campaign,
    Declaration,
    DeclarationState,
    DeclaredEntry,
    Document,
    Dossier,
    DossierStatus,
    Verdict,
    now,
)
from oms.organisation import today
from oms.permissions import Action, Actor, allowed, authority, can, refuse_held, require, require_confirmed
from oms.permissions.declaring import using_body
from oms.record import Supplement
from oms.vietnamese.text import nfc

REASON = 10, 1_000
"""Characters of a reason."""
AT_ONCE = 100
"""Supplements that are attested by one press: each is a decision, and the page must answer."""


@dataclass(frozen=True)
class Shown:
    """One declared entry for the eyes of an officer: `hidden` means that it is there, and not for them."""

    entry: DeclaredEntry
    asked: Asked
    hidden: bool


def view(session: Session, declaration: Declaration, *, actor: Actor) -> list[Shown]:
    """What was declared, beside what the record says now; a draft of the person is nobody's business yet."""
    require(actor, Action.DECLARATION_READ, declaration)
    audit.record(session, "declaration:view", declaration, actor=actor, dossier_id=declaration.dossier_id)
    if declaration.state in (DeclarationState.NOT_STARTED, DeclarationState.DRAFT) and not declaration.on_paper:
        return []
    asked = {one.key: one for one in ask(session, declaration, things_of(declaration.campaign, declaration.dossier))}
    return [
        Shown(entry, asked[entry.key], not may_see(entry.key, declaration, actor=actor))
        for entry in declaration.entries
        if entry.key in asked
    ]


def view_form(session: Session, declaration: Declaration, *, actor: Actor) -> list[Asked]:
    """What is asked, for the officer who keys the signed paper."""
    require(actor, Action.DECLARATION_ENTER, declaration)
    audit.record(session, "declaration:view", declaration, actor=actor, dossier_id=declaration.dossier_id)
    things = things_of(declaration.campaign, declaration.dossier)
    return ask(session, declaration, [thing for thing in things if may_see(thing.key, declaration, actor=actor)])


def judge(
    session: Session,
    declaration: Declaration,
    verdicts: Mapping[str, tuple[Verdict, str]],
    *,
    actor: Actor,
    version: int | None = None,
) -> None:
    """Say of entries, by their id, whether they stand; a refused one needs its reason. Raises `BadInput`."""
    _begin(session, declaration, get_step("check"), actor, version)
    judged: list[str] = []
    for entry in declaration.entries:
        verdict, reason = verdicts.get(entry.id, (entry.verdict, entry.reason))
        words = _reason(reason) if verdict is Verdict.REFUSED else ""
        if (verdict, words) == (entry.verdict, entry.reason):
            continue
        if not may_see(entry.key, declaration, actor=actor):
            raise Refused(N_("One of these values is for those only who need it for their work. Leave it to them."))
        entry.verdict, entry.reason = verdict, words
        pending = verdict is Verdict.PENDING
        entry.judged_by_id, entry.judged_at = (None, None) if pending else (actor.account_id, now())
        judged.append(f"{entry.key}:{verdict.value}")
    if judged:
        declaration.checked_at = now()  # so that another who looks at the same page is told
        session.flush()
        _tell(session, "judge", declaration, actor, keys=sorted(judged))


def _reason(text: str) -> str:
    words = " ".join(nfc(text).split())
    if not REASON[0] <= len(words) <= REASON[1]:
        raise BadInput(N_("Write the reason in %(least)s to %(most)s characters."), least=REASON[0], most=REASON[1])
    return words


def finish_check(session: Session, declaration: Declaration, *, actor: Actor, version: int | None = None) -> None:
    """The using body has said something of every entry: on to the managing body."""
    step = get_step("check")
    _begin(session, declaration, step, actor, version)
    if any(entry.verdict is Verdict.PENDING for entry in declaration.entries):
        raise BadInput(N_("Some values still wait for the check. Approve or refuse each of them first."))
    declaration.checked_by_id, declaration.checked_at = actor.account_id, now()
    declaration.state = step.end
    session.flush()
    _tell(session, step.name, declaration, actor)


def send_back(
    session: Session, declaration: Declaration, step: Step, reason: str, *, actor: Actor, version: int | None = None
) -> None:
    """Back to the person (from the unit), or back to the unit (from the managing body), with what is wrong."""
    _begin(session, declaration, step, actor, version)
    declaration.reason = _reason(reason)
    declaration.state = step.end
    declaration.checked_by_id = declaration.checked_at = None
    session.flush()
    _tell(session, step.name, declaration, actor, words=declaration.reason)


def attest(session: Session, declaration: Declaration, *, actor: Actor, version: int | None = None) -> None:
    """The managing body attests: what was approved is in the record from now on, nothing of it written over."""
    step = get_step("attest")
    dossier = declaration.dossier
    dossiers.hold(session, dossier)
    _begin(session, declaration, step, actor, version)
    _require_moving(dossier)
    require_confirmed(actor)
    page = _first_page(session, declaration)
    said = approved(declaration)
    record.follow_supplement(session, dossier, said, page_id=page)
    declaration.attested_by_id, declaration.attested_at = actor.account_id, now()
    declaration.state = step.end
    session.flush()
    told = authority(actor, Action.DECLARATION_ATTEST, dossier.managing_body_id)
    _tell(session, step.name, declaration, actor, keys=sorted({one.key for one in said}), **told)
    if said:
        jobs.dossier_changed(session, dossier.id, actor=actor)


def _require_moving(dossier: Dossier) -> None:
    if dossier.held:
        refuse_held(dossier)
    if dossier.frozen:
        raise Refused(N_("A transfer holds the dossier still. Attest when it has arrived, or was called back."))
    if dossier.status == DossierStatus.CLOSED:
        raise Refused(
            N_(
                "The dossier was closed meanwhile, because the person left: nothing is written in its record any more. "
                "Send the supplement back to the unit with this reason."
            )
        )


def approved(declaration: Declaration) -> list[Supplement]:
    """What the using body let stand, as the record takes it."""
    return [
        Supplement(entry.key, entry.new_text, tuple(entry.cells), str(entry.judged_by_id))
        for entry in declaration.entries
        if entry.verdict is Verdict.APPROVED
    ]


def attest_all(
    session: Session, campaign: Campaign, *, actor: Actor, unit_id: str = ""
) -> tuple[int, list[tuple[Declaration, OmsError]]]:
    """Attest what is checked and waits for the actor, of one unit or all; how many, and who could not be and why.

    Of closed dossiers nothing is attested any more: they would stand in front of the others at every press.
    """
    require(actor, Action.CAMPAIGN_READ, campaign)
    require_confirmed(actor)
    waiting = session.scalars(
        select(Declaration)
        .where(
            Declaration.campaign_id == campaign.id,
            Declaration.state == DeclarationState.CHECKED,
            allowed(actor, Action.DECLARATION_ATTEST),
            NOT_CLOSED,
        )
        .options(joinedload(Declaration.dossier).joinedload(Dossier.person), selectinload(Declaration.entries))
        .order_by(Declaration.checked_at, Declaration.id)
    ).all()
    done = 0
    left: list[tuple[Declaration, OmsError]] = []
    for declaration in [one for one in waiting if unit_id in ("", using_body(one.dossier))][:AT_ONCE]:
        try:
            attest(session, declaration, actor=actor)
            done += 1
        except (Refused, Conflict) as error:
            left.append((declaration, error))
    return done, left


def papers_of(session: Session, declaration: Declaration, *, actor: Actor) -> Sequence[Document]:
    """Filed papers of the dossier that may be the signed one, the latest first; empty for who may not name one."""
    if not can(actor, Action.DOCUMENT_FILE, declaration.dossier):
        return ()
    query = select(Document).where(Document.dossier_id == declaration.dossier_id, allowed(actor, Action.DOCUMENT_READ))
    filed_as = catalogue.supplement_form(declaration.dossier.category.value, today()).component
    if filed_as is not None:
        query = query.where(Document.component_id == filed_as)
    return session.scalars(query.order_by(Document.filed_at.desc(), Document.id)).all()


def paper_of(session: Session, declaration: Declaration) -> Document | None:
    """The signed paper, where it still lies in the dossier; whoever looks was let in by the declaration."""
    if declaration.document_id is None:
        return None
    return session.scalar(
        select(Document).where(
            Document.id == declaration.document_id, Document.dossier_id == declaration.dossier_id, ~Document.sealed
        )
    )


def name_paper(
    session: Session, declaration: Declaration, document_id: str, *, actor: Actor, version: int | None = None
) -> None:
    """Say which filed document is the signed paper; values already in the record are written again beside it."""
    _lock(session, declaration, version)
    require(actor, Action.DECLARATION_READ, declaration)
    require(actor, Action.DOCUMENT_FILE, declaration.dossier)
    document = next((one for one in papers_of(session, declaration, actor=actor) if one.id == document_id), None)
    if document is None:
        raise BadInput(
            N_("Choose the signed supplement among the filed papers of this dossier. File it first if need be.")
        )
    declaration.document_id = document.id
    session.flush()
    page = _first_page(session, declaration)
    if declaration.state is DeclarationState.ATTESTED and page is not None:
        record.give_page(session, declaration.dossier, approved(declaration), page, account_id=actor.account_id)
    _tell(session, "paper", declaration, actor)
    jobs.dossier_changed(session, declaration.dossier_id, actor=actor)


def _first_page(session: Session, declaration: Declaration) -> str | None:
    document = paper_of(session, declaration)
    if document is None:
        return None
    pages = dossiers.pages_of(session, [document.id])[document.id]
    return pages[0].id if pages else None


def _begin(session: Session, declaration: Declaration, step: Step, actor: Actor, version: int | None) -> None:
    _lock(session, declaration, version)
    require_step(step, declaration, actor=actor)


def _lock(session: Session, declaration: Declaration, version: int | None) -> None:
    db.lock(session, declaration)
    session.expire(declaration, ["entries"])
    if version is not None and version != declaration.version:
        raise Conflict(N_("Somebody else just changed this supplement. Reload the page and look again."))


def _tell(session: Session, verb: str, declaration: Declaration, actor: Actor, words: str = "", **detail: Any) -> None:
    audit.record(
        session,
        f"declaration:{verb}",
        declaration,
        actor=actor,
        dossier_id=declaration.dossier_id,
        words=words,
        **detail,
    )
