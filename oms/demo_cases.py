"""Cases for the demo: the person with an account has papers, contradictions and a request; a verification waits for its
minutes, a paper is lost. Everything but the slips of the register goes through the real doors.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from oms import checks
from oms.models import (
    Category,
    Document,
    Dossier,
    Finding,
    FindingState,
    PaperLossKind,
    Person,
    Precision,
    SubjectRequestKind,
    Unit,
)
from oms.organisation import today
from oms.permissions import Action, Actor, can
from oms.procedures import paper_losses, requests, verifications
from oms.specimens import SyntheticPerson, SyntheticScan, make_scan
from oms.specimens.scanner import PaperKind

# What lies in the own dossier of the person with an account: one page each, so that the demo starts soon.
OWN_PAPERS = (PaperKind.SHORT_CV, PaperKind.RECRUITMENT, PaperKind.CERTIFICATE)


def own_papers(
    invented: Sequence[SyntheticPerson], unit: str, seed: int
) -> list[tuple[SyntheticPerson, SyntheticScan]]:
    """Papers of the first person of the unit, who is the one with an account; none for who is no civil servant."""
    one = next((person for person in invented if person.unit == unit), None)
    if one is None or Category.CIVIL_SERVANT not in one.categories:
        return []
    return [(one, make_scan(one, kind, seed, category=Category.CIVIL_SERVANT, pages=1)) for kind in OWN_PAPERS]


def add_cases(session: Session, code: str, actors: Mapping[str, Actor]) -> None:
    """Contradictions of which one is verified, a request, minutes to be written, a lost paper: as far as there is paper."""
    officer, head, person = actors["canbo.sonv"], actors["bithu.sonv"], actors["nguoilaodong.sonv"]
    filed = session.execute(
        select(Dossier, Document)
        .join(Document, Document.dossier_id == Dossier.id)
        .join(Unit, Unit.id == Dossier.custodian_id)
        .where(Unit.code == code)
        .order_by(Dossier.number, Document.position)
    ).all()
    own = [(dossier, document) for dossier, document in filed if dossier.person_id == person.person_id]
    if own:
        _contradict(session, own[0][0], officer)
        _ask(session, own, person)
    others = [row for row in filed if row[0].person_id != person.person_id]
    if others and can(officer, Action.VERIFICATION_OPEN, others[0][0]):
        _verify(session, others[0][0], others[0][1], officer)
    _lose(session, code, officer, head)


def _contradict(session: Session, dossier: Dossier, officer: Actor) -> None:
    """Slips of the register against the papers, found by the checks; the first contradiction is sent to verification."""
    one: Person = dossier.person
    if one.birth_date is not None and one.birth_precision == Precision.DAY:
        # Day and month changed places, or the next day where that is no other date.
        day, month = one.birth_date.day, one.birth_date.month
        swapped = one.birth_date.replace(day=month, month=day) if day <= 12 and day != month else None
        one.birth_date = swapped or one.birth_date + timedelta(days=1)
    if one.personal_id:
        one.personal_id = one.personal_id[:-1] + str((int(one.personal_id[-1]) + 3) % 10)
    session.flush()
    checks.check(session, dossier, actor=officer)
    found = session.scalars(
        select(Finding)
        .where(Finding.dossier_id == dossier.id, Finding.state == FindingState.OPEN)
        .order_by(Finding.kind, Finding.id)
    ).first()
    if found is not None and can(officer, Action.CHECK_SETTLE, found):
        case = verifications.Case(
            "Ngày sinh trong sơ yếu lý lịch khác ngày sinh trong sổ đăng ký hồ sơ.",
            f"{officer.name}, cán bộ làm công tác hồ sơ",
            "Ủy ban nhân dân xã nơi đăng ký khai sinh",
            verifications.field_of(session, found),
        )
        verifications.send_to_verification(
            session, found, case, reason="Cần đối chiếu với sổ hộ tịch gốc", actor=officer
        )


def _ask(session: Session, own: Sequence[tuple[Dossier, Document]], person: Actor) -> None:
    dossier = own[0][0]
    readable = {document.id for document in requests.readable(session, dossier)}
    wanted = tuple(document.id for _dossier, document in own if document.id in readable)[:1]
    if wanted:
        wish = requests.Wish(
            SubjectRequestKind.COPY, "Nộp kèm hồ sơ dự thi nâng ngạch chuyên viên chính", document_ids=wanted
        )
        requests.ask(session, dossier, wish, actor=person)


def _verify(session: Session, dossier: Dossier, document: Document, officer: Actor) -> None:
    case = verifications.Case(
        "Thời gian giữ chức vụ ghi trong phiếu đánh giá chưa khớp với quyết định bổ nhiệm.",
        f"{officer.name}, cán bộ làm công tác hồ sơ",
        "Văn phòng Sở Nội vụ",
        document_id=document.id,
    )
    made = verifications.open_case(session, dossier, case, actor=officer)
    verifications.end(session, made, today(), actor=officer)


def _lose(session: Session, code: str, officer: Actor, head: Actor) -> None:
    """A diploma that was missing at the last look, some days before its time is over."""
    dossier = session.scalars(
        select(Dossier)
        .join(Unit, Unit.id == Dossier.custodian_id)
        .where(
            Unit.code == code,
            Dossier.category == Category.CIVIL_SERVANT,
            Dossier.person_id != (officer.person_id or ""),
            ~Dossier.frozen,
            ~Dossier.held,
        )
        .order_by(Dossier.number.desc())
    ).first()
    if dossier is None or not can(officer, Action.PAPER_LOSS_DECLARE, dossier):
        return
    said = paper_losses.Declaration(
        PaperLossKind.MISSING,
        today() - timedelta(days=24),
        "Khi kiểm kê tủ hồ sơ không thấy văn bằng; đã tìm trong hồ sơ kế bên và hỏi cán bộ phụ trách trước đây.",
        component_id="cs_diploma",
        title="Bằng tốt nghiệp đại học (bản chính)",
    )
    paper_losses.declare(session, dossier, said, second=head, actor=officer)
