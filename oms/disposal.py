"""Disposal: what the schedule no longer keeps, let go by a council, approved by the head, destroyed by two people.

The schedule (`catalogue.retention_rules`) only says what may be proposed. What is kept for ever, what lies in a
dossier under a hold or in a transfer, and what is sealed is never proposed and never destroyed, whatever was approved
before. The minutes and a certificate of numbers stay; they tell nothing of the content.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased, joinedload, selectinload

from oms import audit, catalogue, db, dossiers, holds, jobs, purging, record, retention
from oms.catalogue import RetentionRule
from oms.errors import N_, BadInput, Conflict, NotFound, Refused
from oms.models import (
    Category,
    Disposal,
    DisposalItem,
    DisposalState,
    Document,
    Dossier,
    Original,
    Page,
    Scan,
    ScanState,
    Unit,
    now,
)
from oms.organisation import today
from oms.permissions import Action, Actor, allowed, authority, is_own, require, require_confirmed
from oms.settings import Settings

COUNCIL = 3
"""Least members of a council."""
WORDS_LENGTH = 10, 500
MOST_SCANS = 500
MOST_DOSSIERS = 50
"""Whole dossiers in one list; what goes next shows when these are gone."""


def schedule() -> tuple[RetentionRule, ...]:
    """The schedule in force today."""
    return catalogue.retention_rules(today())


def due(session: Session, rule: RetentionRule, *, actor: Actor, among: Collection[str] | None = None) -> list[Scan]:
    """The scans the actor may propose under a rule today, the oldest first; none for what is kept for ever.

    `among` asks about these dossiers only, so that what was approved is found however much else became due.
    """
    require(actor, Action.DISPOSAL_PROPOSE)
    if rule.permanent:
        return []
    query = (
        select(Scan)
        .join(Dossier, Scan.dossier_id == Dossier.id)
        .where(allowed(actor, Action.DOSSIER_EDIT), ~Scan.sealed, Scan.state.in_((ScanState.READ, ScanState.FILED)))
        .options(joinedload(Scan.dossier).joinedload(Dossier.person))
        .order_by(Scan.received_at, Scan.id)
    )
    if among is not None:
        query = query.where(Scan.dossier_id.in_(among))
    if rule.what == "whole_dossier":
        # A dossier without a scan has nothing to destroy; one that was let go keeps its row.
        scanned = Dossier.id.in_(select(Scan.dossier_id))
        over = select(Dossier.id).where(allowed(actor, Action.DOSSIER_EDIT), retention.is_over(rule), scanned)
        if among is not None:
            over = over.where(Dossier.id.in_(among))
        whole = select(over.order_by(Dossier.number).limit(MOST_DOSSIERS).subquery().c.id)
        return list(session.scalars(_scans_of(whole)))
    if rule.what == "unfiled_scan":
        before = now() - timedelta(days=rule.days)
        filed = select(Page.id).where(Page.scan_id == Scan.id, Page.document_id.is_not(None)).exists()
        return list(session.scalars(query.where(Scan.received_at < before, ~filed).limit(MOST_SCANS)))
    surplus = _surplus(session)
    other = select(Page.id).where(
        Page.scan_id == Scan.id, Page.document_id.is_(None) | Page.document_id.not_in(surplus)
    )
    return list(session.scalars(query.where(~other.exists()).limit(MOST_SCANS))) if surplus else []


def _scans_of(dossier_ids: Select[Any]) -> Select[Any]:
    """Every scan of the dossiers, whatever became of it: a dossier whose term is over goes whole."""
    return (
        select(Scan)
        .where(Scan.dossier_id.in_(dossier_ids))
        .options(joinedload(Scan.dossier).joinedload(Dossier.person))
        .order_by(Scan.dossier_id, Scan.received_at, Scan.id)
    )


def look_at_due(session: Session, *, actor: Actor, shown: int) -> None:
    """Write down that the actor looked at what is due."""
    audit.record(session, "disposal:due", actor=actor, total=shown)


def _surplus(session: Session) -> list[str]:
    """Photocopies beside an original or certified copy with the same component, number and date, not kept for ever."""
    better = aliased(Document)
    twin = select(better.id).where(
        better.dossier_id == Document.dossier_id,
        better.component_id == Document.component_id,
        better.number == Document.number,
        better.issued_on == Document.issued_on,
        better.original != Original.COPY,
        ~better.sealed,
    )
    rows = session.execute(
        select(Document.id, Document.component_id, Dossier.category)
        .join(Dossier, Document.dossier_id == Dossier.id)
        .where(
            Document.original == Original.COPY,
            ~Document.sealed,
            Dossier.category != Category.PARTY_MEMBER,
            twin.exists(),
        )
    )
    return [id for id, component, category in rows if not _is_original(component, category)]


def _is_original(component_id: str, category: Category) -> bool:
    try:
        return catalogue.component(component_id, category.value).original
    except NotFound:
        return True  # what no list knows is kept


def propose(
    session: Session,
    unit: Unit,
    rule_id: str,
    scan_ids: Sequence[str],
    *,
    council: Sequence[str],
    minutes: str,
    minutes_on: date,
    legal_reason: str,
    actor: Actor,
) -> Disposal:
    """Write down what a council lets go: at least three members, minutes with number and day, and the legal reason."""
    require(actor, Action.DISPOSAL_PROPOSE)
    rule = _rule(rule_id)
    if unit.id not in actor.units[Action.DISPOSAL_PROPOSE]:
        raise NotFound()
    members = list(dict.fromkeys(" ".join(name.split()) for name in council if name.strip()))
    if len(members) < COUNCIL:
        raise BadInput(N_("The council has at least %(count)s members. Write one full name a line."), count=COUNCIL)
    minutes, legal_reason = _words(minutes), _words(legal_reason)
    if minutes_on > today():
        raise BadInput(N_("The day of the minutes lies in the future. Check it on the paper."))
    open_now = {scan.id: scan for scan in due(session, rule, actor=actor) if scan.dossier.custodian_id == unit.id}
    chosen = [open_now[id] for id in dict.fromkeys(scan_ids) if id in open_now]
    if not chosen or len(chosen) != len(set(scan_ids)):
        raise Conflict(N_("Something you chose is not due any more. Reload the list and choose again."))
    _require_whole(rule, chosen, open_now.values())
    year = today().year
    disposal = Disposal(
        number=f"HT-{year}-{dossiers.next_number(session, f'disposal-{year}'):04d}",
        unit_id=unit.id,
        rule_id=rule.id,
        council=members,
        minutes=minutes,
        minutes_on=minutes_on,
        legal_reason=legal_reason,
        proposed_by_id=actor.account_id,
        items=[DisposalItem(dossier_id=scan.dossier_id, scan_id=scan.id) for scan in chosen],
    )
    session.add(disposal)
    session.flush()
    audit.record(
        session, "disposal:propose", disposal, actor=actor, words=legal_reason, rule=rule.id, scans=len(chosen)
    )
    return disposal


def _require_whole(rule: RetentionRule, chosen: Sequence[Scan], due_now: Iterable[Scan]) -> None:
    """A dossier whose term is over is let go whole or not at all."""
    if rule.what != "whole_dossier":
        return
    dossiers_chosen, chosen_ids = {scan.dossier_id for scan in chosen}, {scan.id for scan in chosen}
    if any(scan.dossier_id in dossiers_chosen and scan.id not in chosen_ids for scan in due_now):
        raise BadInput(N_("A dossier whose term is over goes whole: choose all of its scans, or none."))


def decide(
    session: Session, disposal: Disposal, *, approved: bool, answer: str, actor: Actor, version: int | None = None
) -> None:
    """The head approves what the council let go, or refuses it with a reason; never whoever proposed it."""
    _refresh(session, disposal, version)
    require(actor, Action.DISPOSAL_DECIDE, disposal)
    if is_own(actor, Action.DISPOSAL_DECIDE, disposal.unit_id, disposal.proposed_by_id):
        raise Refused(N_("Whoever proposed a disposal does not decide about it. Ask the head."))
    if disposal.state != DisposalState.PROPOSED:
        raise Conflict(N_("Disposal %(number)s is decided already. Reload the page."), number=disposal.number)
    answer = " ".join(answer.split())[: WORDS_LENGTH[1]]
    if not approved and not answer:
        raise BadInput(N_("Write the reason in one sentence: whoever proposed it reads it."))
    if approved:
        for dossier in {item.dossier for item in disposal.items}:
            holds.require_none(session, dossier)
        require_confirmed(actor)
    disposal.state = DisposalState.APPROVED if approved else DisposalState.REFUSED
    disposal.decided_by_id, disposal.decided_at, disposal.answer = actor.account_id, now(), answer
    session.flush()
    audit.record(
        session,
        "disposal:approve" if approved else "disposal:refuse",
        disposal,
        actor=actor,
        words=answer,
        **authority(actor, Action.DISPOSAL_DECIDE, disposal.unit_id),
    )


def execute(
    session: Session, settings: Settings, disposal: Disposal, *, second: Actor, actor: Actor
) -> Callable[[], None]:
    """Two people destroy what was approved; call the result after the commit, it takes the files away.

    Everything is asked again at this moment: a hold, a transfer or a paper that is not due any more stops it whole.
    """
    db.lock(session, disposal)
    require(actor, Action.DISPOSAL_READ, disposal)
    require(actor, Action.DISPOSAL_PROPOSE)
    if second.account_id == actor.account_id:
        raise Refused(N_("The second person must be somebody else: nobody confirms what they said themselves."))
    require(second, Action.DISPOSAL_READ, disposal)
    if disposal.state != DisposalState.APPROVED:
        raise Conflict(N_("Disposal %(number)s is not approved. Nothing was destroyed."), number=disposal.number)
    for dossier in sorted({item.dossier for item in disposal.items}, key=lambda dossier: dossier.id):
        dossiers.hold(session, dossier)
        holds.require_none(session, dossier)
        require(actor, Action.DOSSIER_EDIT, dossier)
    rule, among = _rule(disposal.rule_id), {item.dossier_id for item in disposal.items}
    still_due = {scan.id: scan for scan in due(session, rule, actor=actor, among=among)}
    scans = [still_due[item.scan_id] for item in disposal.items if item.scan_id in still_due]
    came_since = rule.what == "whole_dossier" and len(still_due) > len(scans)
    if len(scans) != len(disposal.items) or came_since:
        raise Conflict(N_("Something in this disposal is not due any more. Nothing was destroyed; propose it anew."))
    dossier_ids = sorted({scan.dossier_id for scan in scans})
    gone, remove_files = purging.destroy(session, settings, scans)
    if disposal.rule_id in catalogue.whole_dossier_rules():
        record.forget_dossiers(session, dossier_ids)
    session.refresh(disposal)
    year = today().year
    disposal.certificate = f"GCN-{year}-{dossiers.next_number(session, f'certificate-{year}'):04d}"
    disposal.pages, disposal.documents = sum(one.pages for one in gone), sum(one.documents for one in gone)
    disposal.state, disposal.executed_by_id, disposal.executed_at = DisposalState.EXECUTED, actor.account_id, now()
    session.flush()
    for dossier_id in dossier_ids:
        # One for each dossier: its own trail tells of what was destroyed in it.
        of_it = [one for one in gone if one.dossier_id == dossier_id]
        audit.record(
            session,
            "disposal:execute",
            disposal,
            actor=actor,
            dossier_id=dossier_id,
            second=second.account_id,
            certificate=disposal.certificate,
            scans=len(of_it),
            pages=sum(one.pages for one in of_it),
        )
        jobs.enqueue(session, "renew_index", dossier_id, actor=actor)
    return remove_files


def list_disposals(session: Session, *, actor: Actor) -> list[Disposal]:
    """The disposals of the actor's units, the latest first."""
    found = session.scalars(
        select(Disposal)
        .where(allowed(actor, Action.DISPOSAL_READ))
        .options(joinedload(Disposal.unit), selectinload(Disposal.items))
        .order_by(Disposal.proposed_at.desc(), Disposal.id)
    ).all()
    audit.record(session, "disposal:list", actor=actor, total=len(found))
    return list(found)


def to_decide(session: Session, *, actor: Actor) -> list[Disposal]:
    """Disposals that wait for the actor's decision."""
    return list(
        session.scalars(
            select(Disposal)
            .where(
                allowed(actor, Action.DISPOSAL_DECIDE),
                Disposal.state == DisposalState.PROPOSED,
                Disposal.proposed_by_id != actor.account_id,
            )
            .order_by(Disposal.proposed_at)
        )
    )


def view(session: Session, disposal: Disposal, *, actor: Actor) -> None:
    """Write down that the actor opened a disposal."""
    require(actor, Action.DISPOSAL_READ, disposal)
    audit.record(session, "disposal:view", disposal, actor=actor)


def _rule(rule_id: str) -> RetentionRule:
    for rule in schedule():
        if rule.id == rule_id and not rule.permanent:
            return rule
    raise Refused(N_("The schedule keeps this for ever, or does not know it. It is never proposed for disposal."))


def _refresh(session: Session, disposal: Disposal, version: int | None) -> None:
    db.lock(session, disposal)
    if version is not None and version != disposal.version:
        raise Conflict(N_("Somebody else just changed this disposal. Reload the page and look again."))


def _words(text: str) -> str:
    words = " ".join(text.split())
    if not WORDS_LENGTH[0] <= len(words) <= WORDS_LENGTH[1]:
        raise BadInput(
            N_("Write number and day of the minutes, and the legal reason, in %(least)s to %(most)s characters each."),
            least=WORDS_LENGTH[0],
            most=WORDS_LENGTH[1],
        )
    return words
