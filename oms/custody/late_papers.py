"""A paper that comes to a unit whose dossier has gone on: it is sent on, and the holder takes it in or gives it back.

It passes the gate and waits outside the dossier. It goes to whoever holds the dossier when it is looked at; the unit
that sends it on is told what became of it and never by whom, so it learns no more than its transfer told it.
"""

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from oms import audit, db, gate, intake, protection_flags
from oms.custody.proofs import attach, detach
from oms.custody.steps import ACCEPTED, RESERVED
from oms.errors import N_, BadInput, Conflict, Refused
from oms.models import AttachedFile, FilePurpose, LatePaper, LateState, Scan, Transfer, now
from oms.permissions import Action, Actor, allowed, can, require
from oms.settings import Settings
from oms.vietnamese.text import nfc

TITLE_LENGTH, TEXT_LENGTH = 300, 2000
IN_THE_LOG = {
    "late_paper:read": N_("Read a late paper"),
    "late_paper:list": N_("List late papers"),
    "late_paper:open": N_("Open the file of a late paper"),
    "late_paper:bring": N_("Enter a paper that came late"),
    "late_paper:send": N_("Send a late paper on"),
    "late_paper:file": N_("Take a late paper into the dossier"),
    "late_paper:return": N_("Give a late paper back"),
    "late_paper:withdraw": N_("Take a late paper back"),
    "late_paper:detach": N_("Take the file of a late paper away"),
}
"""What the log calls the acts."""
_OURS = frozenset({LateState.WAITING, LateState.SENT, LateState.RETURNED})


def may_bring(transfer: Transfer, *, actor: Actor) -> bool:
    """True for the officers of the former holder once the dossier has gone by this transfer."""
    gone = transfer.state in (ACCEPTED, RESERVED) and transfer.dossier.custodian_id != transfer.from_unit_id
    return gone and can(actor, Action.TRANSFER_PREPARE, transfer)


def bring(
    session: Session,
    transfer: Transfer,
    arrival: intake.Arrival,
    title: str,
    *,
    actor: Actor,
    clearance: gate.Clearance | None = None,
) -> LatePaper:
    """Enter a kept file as a paper to be sent on."""
    require(actor, Action.TRANSFER_PREPARE, transfer)
    if not may_bring(transfer, actor=actor):
        raise Conflict(N_("The dossier has not gone on by this transfer. Upload the paper into the dossier."))
    words = " ".join(nfc(title).split())[:TITLE_LENGTH]
    if not words:
        raise BadInput(N_("Write what the paper is: whoever holds the dossier reads it."))
    protection_flags.refuse_withheld(session, words)
    same = select(AttachedFile.id).where(
        AttachedFile.transfer_id == transfer.id,
        AttachedFile.purpose == FilePurpose.LATE,
        AttachedFile.sha256 == arrival.sha256,
    )
    if session.scalar(same) is not None:
        raise Conflict(N_("This file waits here already. Look at the list of late papers."))
    file = attach(session, transfer, arrival, FilePurpose.LATE, "late_paper:bring", actor=actor, clearance=clearance)
    paper = LatePaper(
        transfer_id=transfer.id,
        dossier_id=transfer.dossier_id,
        unit_id=transfer.from_unit_id,
        file_id=file.id,
        title=words,
        brought_by_id=actor.account_id,
    )
    session.add(paper)
    session.flush()
    return paper


def late_papers(session: Session, *, actor: Actor) -> list[LatePaper]:
    """The late papers the actor's units send on or have to answer, the latest first; written down as a look."""
    found = session.scalars(
        select(LatePaper)
        .where(allowed(actor, Action.LATE_PAPER_READ))
        .options(joinedload(LatePaper.transfer), joinedload(LatePaper.dossier), joinedload(LatePaper.unit))
        .order_by(LatePaper.brought_at.desc(), LatePaper.id)
        .limit(200)
    ).all()
    audit.record(session, "late_paper:list", actor=actor, total=len(found))
    return list(found)


def late_to_answer(session: Session, *, actor: Actor) -> list[LatePaper]:
    """What was sent on for dossiers the actor's units hold, the oldest first."""
    query = select(LatePaper).where(LatePaper.state == LateState.SENT, allowed(actor, Action.LATE_PAPER_READ))
    found = session.scalars(query.options(joinedload(LatePaper.dossier)).order_by(LatePaper.sent_at))
    return [paper for paper in found if answers(paper, actor=actor)]


def sends(paper: LatePaper, *, actor: Actor) -> bool:
    """True for the unit that brought the paper."""
    return paper.unit_id in actor.units.get(Action.LATE_PAPER_READ, frozenset())


def answers(paper: LatePaper, *, actor: Actor) -> bool:
    """True for the unit that holds the dossier while the paper is sent on to it."""
    held = paper.dossier.custodian_id in actor.units.get(Action.LATE_PAPER_READ, frozenset())
    return paper.state == LateState.SENT and held


def open_late(session: Session, paper: LatePaper, *, actor: Actor) -> AttachedFile:
    """Write down that the actor opens the file; `Conflict` when it lies here no more."""
    require(actor, Action.LATE_PAPER_READ, paper)
    if paper.file is None:
        raise Conflict(N_("This paper waits here no more. The list says what became of it."))
    audit.record(session, "late_paper:open", paper.transfer, actor=actor, paper=paper.id)
    return paper.file


def send_on(session: Session, paper: LatePaper, *, actor: Actor) -> None:
    """Let the holder of the dossier see it."""
    _begin(session, paper, sends(paper, actor=actor), {LateState.WAITING, LateState.RETURNED}, actor)
    paper.state, paper.sent_at, paper.answer = LateState.SENT, now(), ""
    paper.answered_by_id = paper.answered_at = None
    _written(session, paper, "late_paper:send", "", actor)


def take_back(session: Session, settings: Settings, paper: LatePaper, *, actor: Actor) -> Callable[[], None]:
    """Withdraw it before it is answered; what comes back is called after the commit and removes its bytes."""
    _begin(session, paper, sends(paper, actor=actor), _OURS, actor)
    remove_bytes = _let_go(session, settings, paper, LateState.WITHDRAWN, actor)
    _written(session, paper, "late_paper:withdraw", "", actor)
    return remove_bytes


def take_in(session: Session, settings: Settings, paper: LatePaper, *, actor: Actor) -> Scan:
    """Take it into the dossier as a scan, which is read and filed like any other."""
    _begin(session, paper, answers(paper, actor=actor), {LateState.SENT}, actor)
    file = paper.file
    assert file is not None
    kept = intake.Kept(file.file_name, file.sha256, file.media_type, file.size, file.page_count, file.signed)
    scan, _is_new = intake.enter(session, paper.dossier, kept, actor=actor)
    _let_go(session, settings, paper, LateState.FILED, actor)
    _answered(session, paper, "late_paper:file", "", actor)
    return scan


def give_back(session: Session, paper: LatePaper, reason: str, *, actor: Actor) -> None:
    """Give it back with a reason that the unit which sent it on reads."""
    _begin(session, paper, answers(paper, actor=actor), {LateState.SENT}, actor)
    words = nfc(reason).strip()[:TEXT_LENGTH]
    if not words:
        raise BadInput(N_("Write the reason in one sentence: the other side reads it."))
    paper.state, paper.answer = LateState.RETURNED, words
    _answered(session, paper, "late_paper:return", words, actor)


def _begin(
    session: Session, paper: LatePaper, mine: bool, states: set[LateState] | frozenset[LateState], actor: Actor
) -> None:
    require(actor, Action.LATE_PAPER_READ, paper)
    db.lock(session, paper)
    if not mine:
        raise Refused(N_("This is done by the other side. The list says who acts now."))
    if paper.state not in states:
        raise Conflict(N_("This paper is not at a point where this can be done. Reload the page."))


def _let_go(
    session: Session, settings: Settings, paper: LatePaper, state: LateState, actor: Actor
) -> Callable[[], None]:
    file = paper.file
    assert file is not None
    paper.file_id, paper.file, paper.state = None, None, state
    session.flush()
    return detach(session, settings, file, "late_paper:detach", actor=actor)


def _answered(session: Session, paper: LatePaper, action: str, words: str, actor: Actor) -> None:
    paper.answered_by_id, paper.answered_at = actor.account_id, now()
    _written(session, paper, action, words, actor)


def _written(session: Session, paper: LatePaper, action: str, words: str, actor: Actor) -> None:
    session.flush()
    audit.record(session, action, paper.transfer, actor=actor, words=words, paper=paper.id)
