"""Paper on loan: handed out on a slip, checked sheet by sheet when it comes back.

The paper that goes out and comes back is told to `oms.whereabouts`, which says where it is.
"""

from sqlalchemy.orm import Session

from oms import audit, db, dossiers, whereabouts
from oms.consultations.requesting import LINE_LENGTH, TEXT_LENGTH
from oms.errors import N_, BadInput, Conflict
from oms.models import Consultation, ConsultationState, Loan, LoanState, PaperState, now
from oms.organisation import today
from oms.permissions import Action, Actor, require
from oms.vietnamese.text import nfc

SHEETS_LIMIT = 10_000


def _begin(session: Session, request: Consultation, state: LoanState, actor: Actor, version: int | None) -> Loan:
    if request.dossier is not None:
        dossiers.hold(session, request.dossier)
    db.lock(session, request)
    require(actor, Action.LOAN_HAND_OUT, request)
    loan = request.loan
    if loan is not None:
        db.lock(session, loan)
    if loan is None or loan.state != state or (version is not None and version != loan.version):
        raise Conflict(
            N_("The loan of request %(number)s is not at this point. Reload the page."), number=request.number
        )
    return loan


def _counted(sheets: int | None) -> int:
    if sheets is None or not 0 < sheets <= SHEETS_LIMIT:
        raise BadInput(N_("Count the sheets and enter their number."))
    return sheets


def hand_out(
    session: Session,
    request: Consultation,
    *,
    fetched_by: str,
    sheets: int | None,
    actor: Actor,
    version: int | None = None,
) -> None:
    """Give the paper out: who came for it and how many sheets. Not while a transfer holds the dossier still."""
    loan = _begin(session, request, LoanState.READY, actor, version)
    if loan.dossier.frozen:
        raise Conflict(N_("The dossier is being handed over. Its paper is lent when the transfer is finished."))
    if loan.due_on < today():
        raise Conflict(N_("The last day of this loan is over. End the request; a new one can be made."))
    if not fetched_by.strip():
        raise BadInput(N_("Enter the name of whoever fetches the paper."))
    loan.sheets_out = _counted(sheets)
    loan.fetched_by = " ".join(nfc(fetched_by).split())[:LINE_LENGTH]
    loan.state = LoanState.OUT
    loan.handed_out_by_id, loan.handed_out_at = actor.account_id, now()
    session.flush()
    whereabouts.mark(session, loan.dossier, PaperState.LENT, actor=actor, note=f"{request.number} · {loan.fetched_by}")
    audit.record(
        session,
        "loan:hand_out",
        request,
        actor=actor,
        words=loan.fetched_by,
        sheets=loan.sheets_out,
        due=str(loan.due_on),
    )


def take_back(
    session: Session,
    request: Consultation,
    *,
    sheets: int | None,
    damage: str,
    actor: Actor,
    version: int | None = None,
) -> None:
    """The return check: the sheets are counted, and what is missing or damaged is written down."""
    loan = _begin(session, request, LoanState.OUT, actor, version)
    loan.sheets_back = _counted(sheets)
    if loan.sheets_back != loan.sheets_out and not damage.strip():
        raise BadInput(
            N_("%(out)s sheets went out and %(back)s came back. Write down which ones differ."),
            out=loan.sheets_out,
            back=loan.sheets_back,
        )
    loan.damage = nfc(damage).strip()[:TEXT_LENGTH]
    loan.state = LoanState.RETURNED
    loan.returned_to_id, loan.returned_at = actor.account_id, now()
    if request.state == ConsultationState.APPROVED:
        request.state = ConsultationState.ENDED
        request.ended_by_id, request.ended_at = actor.account_id, now()
    session.flush()
    whereabouts.mark(session, loan.dossier, PaperState.ON_SHELF, actor=actor, note=request.number)
    audit.record(session, "loan:take_back", request, actor=actor, words=loan.damage, sheets=loan.sheets_back)


def is_late(loan: Loan) -> bool:
    """True when the paper is away past its last day."""
    return loan.state == LoanState.OUT and loan.due_on < today()
