"""The hand-over list of a batch: every dossier whose list is sealed, as a paper to sign and as an Excel file."""

import hashlib
from collections import Counter

from sqlalchemy.orm import Session

from oms import audit, catalogue, organisation
from oms.custody import mass
from oms.errors import N_, Conflict
from oms.models import MassTransfer, PaperKind, TransferState, now
from oms.organisation import HANOI
from oms.papers.issuing import PDF, Paper, Printing, body_of, check_code, committee_name, issue, write_date
from oms.permissions import Action, require, require_confirmed
from oms.printing import HANDOVER_LIST, HandoverList, draw_handover_list
from oms.spreadsheets import MEDIA_TYPE, Value, write_list

_RESULTS = {
    TransferState.APPROVED: "Chưa gửi",
    TransferState.IN_TRANSIT: "Đang chuyển",
    TransferState.ACCEPTED: "Đã nhận đủ",
    TransferState.ACCEPTED_WITH_RESERVATIONS: "Nhận có bảo lưu",
    TransferState.REJECTED: "Từ chối nhận",
    TransferState.CANCELLED: "Đã hủy",
    TransferState.LOST: "Thất lạc",
}


def handover_list(session: Session, batch: MassTransfer, *, printing: Printing) -> Paper:
    """The list as a PDF of the sender, numbered; its check code is that of all sealed lists together."""
    listed = _listed(session, batch, printing)
    together = hashlib.sha256("\n".join(one.check for one in listed).encode()).hexdigest()
    body = body_of(batch.from_unit)
    address = f"{printing.address.rstrip('/')}/mass-transfers/{batch.id}" if printing.address else ""
    imprint = issue(
        session,
        PaperKind.HANDOVER_LIST,
        batch,
        batch.from_unit,
        body,
        printing=printing,
        check=together,
        address=address,
        request=batch.number,
    )
    paper = HandoverList(
        body=body,
        imprint=imprint,
        day=organisation.today(),
        batch_number=batch.number,
        basis=f"Quyết định số {batch.basis_number} ngày {write_date(batch.basis_on)}",
        sender=committee_name(batch.from_unit.name),
        receiver=committee_name(batch.to_unit.name),
        reason=batch.reason,
        rows=tuple(_row(one) for one in listed),
        documents=sum(one.documents for one in listed),
        pages=sum(one.pages for one in listed),
        summary=_summary(listed),
    )
    return Paper(f"danh-sach-giao-nhan-{batch.number}.pdf", PDF, draw_handover_list(paper), imprint.number)


def handover_list_excel(session: Session, batch: MassTransfer, *, printing: Printing) -> Paper:
    """The list as an .xlsx file with who took it and what for; it carries no number and asks for the password."""
    listed = _listed(session, batch, printing)
    require_confirmed(printing.actor)
    facts: tuple[tuple[str, Value], ...] = (
        ("Đợt chuyển", batch.number),
        ("Căn cứ", f"{batch.basis_number}, {write_date(batch.basis_on)}"),
        ("Bên giao", batch.from_unit.name),
        ("Bên nhận", batch.to_unit.name),
        ("Số hồ sơ", len(listed)),
        ("Kết quả", _summary(listed)),
        ("Mục đích", printing.purpose_words),
        ("Người lập", f"{printing.actor.name} ({printing.actor.username})"),
        ("Thời điểm", f"{now().astimezone(HANOI):%d/%m/%Y %H:%M}"),
    )
    columns = [(column.heading, column.width / 1.8) for column in HANDOVER_LIST]
    rows = [(number, *_row(one)) for number, one in enumerate(listed, 1)]
    body = write_list("Danh sách giao nhận", columns, rows, ("Thông tin", facts))
    audit.record(
        session,
        "paper:export",
        batch,
        actor=printing.actor,
        words=printing.purpose_words,
        paper=PaperKind.HANDOVER_LIST.value,
        rows=len(listed),
    )
    return Paper(f"danh-sach-giao-nhan-{batch.number}.xlsx", MEDIA_TYPE, body)


def _listed(session: Session, batch: MassTransfer, printing: Printing) -> list[mass.Listed]:
    require(printing.actor, Action.MASS_TRANSFER_READ, batch)
    listed = list(mass.listed(session, batch, actor=printing.actor))
    if not listed:
        raise Conflict(N_("The contents list is sealed when the transfer is approved. Print the slips after that."))
    return listed


def _row(one: mass.Listed) -> tuple[Value, ...]:
    return (
        one.number,
        one.full_name,
        catalogue.term("category", one.category).label_vi,
        one.transfer_number,
        one.documents,
        one.pages,
        check_code(one.check)[:9],
        _RESULTS.get(one.state, ""),
    )


def _summary(listed: list[mass.Listed]) -> str:
    found = Counter(_RESULTS.get(one.state, "") for one in listed)
    return "; ".join(f"{words}: {count}" for words, count in found.items() if words)
