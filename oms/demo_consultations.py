"""Looks into dossiers for the demo: one that waits, one that is open, paper that is overdue, a question where.

Everything goes through the real doors; only the last day of the overdue loan is put back by hand.
"""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from oms import consultations
from oms.models import Consultation, ConsultationKind, Document, Dossier, Person, Scan, Transfer, Unit
from oms.organisation import today
from oms.permissions import Actor

_PURPOSES = (
    ("Thẩm tra hồ sơ trước khi bổ nhiệm", "Công văn số 125-CV/ĐU", "Quyết định bổ nhiệm, sơ yếu lý lịch"),
    ("Rà soát tiêu chuẩn chính trị", "Giấy giới thiệu số 48-GT/BTC", "Sơ yếu lý lịch, nhận xét hằng năm"),
    ("Đối chiếu quá trình công tác", "Quyết định số 31-QĐ/ĐU", "Các quyết định lương và phụ cấp"),
)


def add_consultations(session: Session, code: str, actors: Mapping[str, Actor]) -> None:
    """Requests of the officers of Sở Tài chính and the board for dossiers that unit `code` holds."""
    held = select(Dossier).join(Unit, Unit.id == Dossier.custodian_id).where(Unit.code == code, ~Dossier.frozen)
    filed = session.scalars(held.where(Dossier.id.in_(select(Document.dossier_id))).order_by(Dossier.number)).first()
    plain = session.scalars(
        held.where(
            Dossier.id.not_in(select(Scan.dossier_id)),
            Dossier.id.not_in(select(Transfer.dossier_id)),
            Dossier.person_id.not_in(select(Person.id).where(Person.id == actors["nguoilaodong.sonv"].person_id)),
        ).order_by(Dossier.number.desc())
    ).first()
    reader, board, head, officer = (actors[name] for name in ("canbo.sotc", "canbo.khoi", "bithu.sonv", "canbo.sonv"))
    if filed is not None:
        _ask(session, filed, board, 1, ConsultationKind.SCREEN)
        request = _ask(session, filed, reader, 0, ConsultationKind.SCREEN)
        pages = [page for _document, some in consultations.offer(session, request) for page in some]
        consultations.approve(session, request, pages, today() + timedelta(days=5), actor=head)
    if plain is not None:
        request = _ask(session, plain, reader, 2, ConsultationKind.PAPER)
        consultations.approve(session, request, [], today(), actor=head)
        consultations.hand_out(session, request, fetched_by=reader.name, sheets=38, actor=officer)
        if request.loan is not None:
            request.loan.due_on = today() - timedelta(days=2)
        name = plain.person.full_name
        consultations.ask(session, consultations.Sought(name, "Điều động công tác"), actor=reader)
    session.flush()


def _ask(session: Session, dossier: Dossier, actor: Actor, place: int, kind: ConsultationKind) -> Consultation:
    purpose, basis, needed = _PURPOSES[place]
    until = today() + timedelta(days=7)
    wish = consultations.Wish(dossier.number, kind, purpose, basis, needed, until, today() - timedelta(days=3))
    return consultations.request(session, wish, actor=actor)
