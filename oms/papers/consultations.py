"""Papers of consultations: the slip of one request, the log of a dossier, the lines of the register of a body."""

from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from oms import consultations, organisation
from oms.errors import N_, Conflict
from oms.models import Consultation, ConsultationKind, Dossier, Loan, LoanState, PaperKind, Unit, now
from oms.organisation import HANOI
from oms.papers.issuing import PDF, Paper, Printing, body_of, form_of, issue, tell_of, write_date
from oms.permissions import Action, Actor, require
from oms.printing import ConsultationLog, ConsultationSlip, draw_consultation_log, draw_consultation_slip
from oms.spreadsheets import Value

_KINDS = {ConsultationKind.SCREEN: "đọc trên màn hình", ConsultationKind.PAPER: "mượn hồ sơ giấy"}


def consultation_slip(session: Session, request: Consultation, *, printing: Printing) -> Paper:
    """Phiếu nghiên cứu hồ sơ (HS06); `Conflict` before the holder has granted it."""
    require(printing.actor, Action.CONSULTATION_READ, request)
    dossier, holder = request.dossier, request.holder
    if request.register_number is None or dossier is None or holder is None:
        raise Conflict(N_("The request is not granted. Its slip is printed after that."))
    kind = PaperKind.CONSULTATION_SLIP
    body = body_of(holder, dossier.category)
    address = f"{printing.address.rstrip('/')}/consultations/{request.id}" if printing.address else ""
    imprint = issue(session, kind, request, holder, body, printing=printing, address=address, request=request.number)
    slip = ConsultationSlip(
        body=body,
        imprint=imprint,
        day=_day(request.decided_at),
        subject=tell_of(dossier, actor=printing.actor),
        requester=request.asked_by.full_name,
        requester_unit=request.unit.name,
        purpose=f"{request.purpose} ({_KINDS[request.kind]})",
        decision=_basis(request),
        papers=_papers(session, request),
        until=write_date(_last_day(request)),
        approved_by=request.decided_by.full_name if request.decided_by is not None else "",
        form=form_of(kind, dossier.category),
    )
    return Paper(f"phieu-nghien-cuu-{request.number}.pdf", PDF, draw_consultation_slip(slip), imprint.number)


def consultation_log(session: Session, dossier: Dossier, *, printing: Printing) -> Paper:
    """Phiếu theo dõi sử dụng, khai thác (HS07): every granted request, and lines to write on where there is none."""
    require(printing.actor, Action.DOSSIER_READ, dossier)
    kind = PaperKind.CONSULTATION_LOG
    body = body_of(dossier.custodian, dossier.category)
    address = f"{printing.address.rstrip('/')}/dossiers/{dossier.id}" if printing.address else ""
    imprint = issue(session, kind, dossier, dossier.custodian, body, printing=printing, address=address)
    rows = [
        (
            write_date(_day(line.decided_at)),
            f"{line.reader}, {line.unit}",
            f"{line.purpose} ({line.basis}; {_KINDS[line.kind]})",
            line.decided_by,
            _return_of(line.loan) if line.kind == ConsultationKind.PAPER else _looks_of(line),
        )
        for line in consultations.log_of(session, dossier, actor=printing.actor)
        if line.register_number
    ]
    log = ConsultationLog(
        body=body,
        imprint=imprint,
        day=organisation.today(),
        subject=tell_of(dossier, actor=printing.actor),
        rows=tuple(rows),
        form=form_of(kind, dossier.category),
    )
    return Paper(f"phieu-theo-doi-{dossier.number}.pdf", PDF, draw_consultation_log(log), imprint.number)


def register_rows(session: Session, unit: Unit, year: int, *, actor: Actor) -> tuple[tuple[Value, ...], ...]:
    """The lines of sổ theo dõi khai thác (HS08c) in the order of its columns."""
    return tuple(
        (
            number,
            _day(request.decided_at),
            f"{request.asked_by.full_name}, {request.unit.name}",
            request.dossier.number if request.dossier is not None else "",
            f"{request.purpose} ({_basis(request)})",
            request.decided_by.full_name if request.decided_by is not None else "",
            _returned_on(request),
            f"{request.register_number} · {request.loan.damage}"
            if request.loan and request.loan.damage
            else request.register_number,
        )
        for number, request in enumerate(consultations.register(session, unit, year, actor=actor), 1)
    )


def _papers(session: Session, request: Consultation) -> tuple[str, ...]:
    if request.kind == ConsultationKind.PAPER:
        return (request.needed,)
    return tuple(
        f"{document.title}, trang {', '.join(str(number) for number in numbers)}"
        for document, numbers in consultations.granted_documents(session, request)
    )


def _basis(request: Consultation) -> str:
    return request.basis + (f" ngày {write_date(request.basis_on)}" if request.basis_on else "")


def _return_of(loan: Loan | None) -> str:
    if loan is None or loan.state != LoanState.RETURNED:
        return "Chưa trả" if loan is not None and loan.state == LoanState.OUT else ""
    return f"{write_date(_day(loan.returned_at))}: {loan.damage or 'đủ, nguyên vẹn'}"


def _looks_of(line: consultations.LogLine) -> str:
    if line.last_look is None:
        return f"Chưa xem ({line.pages_granted} trang)"
    return f"{write_date(_day(line.last_look))}: đã xem {line.pages_looked_at}/{line.pages_granted} trang"


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.astimezone(HANOI).date()


def _returned_on(request: Consultation) -> date | None:
    """The day on which the paper came back or the pages closed; none while they are away or open."""
    if request.loan is not None:
        return _day(request.loan.returned_at)
    over = request.ended_at is None and request.ends_at is not None and request.ends_at <= now()
    return _last_day(request) if over else _day(request.ended_at)


def _last_day(request: Consultation) -> date | None:
    if request.loan is not None:
        return request.loan.due_on
    return _day(request.ends_at - timedelta(microseconds=1)) if request.ends_at is not None else None
