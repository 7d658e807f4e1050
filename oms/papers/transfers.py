"""Papers of a transfer: the slip that sends, the slip that is ticked and returned, the minutes of both sides."""

from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from oms import custody, organisation
from oms.errors import N_, Conflict, Refused
from oms.models import Account, CheckOutcome, PaperKind, Transfer, TransferState, Unit
from oms.organisation import HANOI
from oms.papers.issuing import PDF, Paper, Printing, body_of, committee_name, form_of, issue, tell_of, write_date
from oms.permissions import Action, can, require
from oms.printing import (
    Discrepancy,
    HandoverMinutes,
    HandoverSlip,
    Imprint,
    Listed,
    TransferSlip,
    draw_handover_minutes,
    draw_handover_slip,
    draw_transfer_slip,
)
from oms.search.records import component_label


def transfer_slip(session: Session, transfer: Transfer, *, printing: Printing) -> Paper:
    """Phiếu chuyển hồ sơ (HS05) with the sealed list; `Conflict` before the list is sealed."""
    manifest = _sealed(transfer, printing)
    imprint = _issue(session, PaperKind.TRANSFER_SLIP, transfer, transfer.from_unit, printing)
    slip = TransferSlip(
        body=body_of(transfer.from_unit, transfer.dossier.category),
        imprint=imprint,
        day=_day_of_sending(transfer),
        subject=tell_of(transfer.dossier, actor=printing.actor),
        receiver=committee_name(transfer.to_unit.name),
        reason=transfer.reason,
        transfer_number=transfer.number,
        documents=_listed(manifest, transfer),
        files=len(manifest.get("scans", ())),
        waiting_pages=manifest.get("waiting_pages", 0),
        due=write_date(transfer.due_on),
        form=form_of(PaperKind.TRANSFER_SLIP, transfer.dossier.category),
    )
    return Paper(f"phieu-chuyen-{transfer.number}.pdf", PDF, draw_transfer_slip(slip), imprint.number)


def handover_slip(session: Session, transfer: Transfer, *, printing: Printing) -> Paper:
    """Phiếu giao nhận hồ sơ (HS04), to be ticked on arrival and returned; `Conflict` before the list is sealed."""
    manifest = _sealed(transfer, printing)
    imprint = _issue(session, PaperKind.HANDOVER_SLIP, transfer, transfer.from_unit, printing)
    slip = HandoverSlip(
        body=body_of(transfer.from_unit, transfer.dossier.category),
        imprint=imprint,
        day=_day_of_sending(transfer),
        subject=tell_of(transfer.dossier, actor=printing.actor),
        sender=committee_name(transfer.from_unit.name),
        receiver=committee_name(transfer.to_unit.name),
        transfer_number=transfer.number,
        documents=_listed(manifest, transfer),
        form=form_of(PaperKind.HANDOVER_SLIP, transfer.dossier.category),
    )
    return Paper(f"phieu-giao-nhan-{transfer.number}.pdf", PDF, draw_handover_slip(slip), imprint.number)


def handover_minutes(session: Session, transfer: Transfer, *, printing: Printing) -> Paper:
    """Biên bản giao nhận of the receiver, with its reservations; `Conflict` before the dossier is on its way."""
    manifest = _sealed(transfer, printing, arrived=True)
    if transfer.dispatched_at is None:
        raise Conflict(N_("The dossier has not been sent yet. The minutes are printed when it has arrived."))
    imprint = _issue(session, PaperKind.HANDOVER_MINUTES, transfer, transfer.to_unit, printing)
    done = transfer.state in (TransferState.ACCEPTED, TransferState.ACCEPTED_WITH_RESERVATIONS)
    closed = transfer.closed_at.astimezone(HANOI).date() if done and transfer.closed_at else organisation.today()
    reserved = [
        event.reason
        for event in custody.events_of(session, transfer)
        if event.end == TransferState.ACCEPTED_WITH_RESERVATIONS
    ]
    minutes = HandoverMinutes(
        body=body_of(transfer.to_unit, transfer.dossier.category),
        imprint=imprint,
        day=closed,
        subject=tell_of(transfer.dossier, actor=printing.actor),
        sender=committee_name(transfer.from_unit.name),
        receiver=committee_name(transfer.to_unit.name),
        transfer_number=transfer.number,
        slip=f"{transfer.basis_number} ngày {write_date(transfer.basis_on)}" if transfer.comes_from_outside else "",
        receiver_person=_name(session, transfer.received_by_id),
        documents=_listed(manifest, transfer),
        discrepancies=_discrepancies(session, transfer, printing),
        accepted=True if done else None,
        reservations=" ".join(reserved),
    )
    return Paper(f"bien-ban-giao-nhan-{transfer.number}.pdf", PDF, draw_handover_minutes(minutes), imprint.number)


def _sealed(transfer: Transfer, printing: Printing, *, arrived: bool = False) -> dict[str, Any]:
    require(printing.actor, Action.TRANSFER_READ, transfer)
    if not custody.may_read_list(transfer, actor=printing.actor):
        raise Refused(
            N_("The list belongs to the unit that holds the dossier now. It prints the papers of this transfer.")
        )
    if transfer.comes_from_outside and not arrived:
        raise Conflict(N_("The slip came with the papers. Here only the minutes of the hand-over are printed."))
    if transfer.manifest is None:
        raise Conflict(N_("The contents list is sealed when the transfer is approved. Print the slips after that."))
    return transfer.manifest


def _issue(session: Session, kind: PaperKind, transfer: Transfer, unit: Unit, printing: Printing) -> Imprint:
    code = (transfer.manifest_sha256 or "")[:16].upper()
    address = f"{printing.address.rstrip('/')}/transfers/{transfer.id}?check={code}" if printing.address else ""
    return issue(
        session,
        kind,
        transfer,
        unit,
        body_of(unit, transfer.dossier.category),
        printing=printing,
        check=transfer.manifest_sha256 or "",
        address=address,
        request=transfer.number,
    )


def _day_of_sending(transfer: Transfer) -> date:
    return transfer.dispatched_at.astimezone(HANOI).date() if transfer.dispatched_at else organisation.today()


def _listed(manifest: dict[str, Any], transfer: Transfer) -> tuple[Listed, ...]:
    category = transfer.dossier.category.value
    return tuple(
        Listed(
            title=row["title"],
            number=row.get("number") or "",
            issued=write_date(
                date.fromisoformat(row["issued_on"]) if row.get("issued_on") else None, row.get("issued_precision")
            ),
            pages=row.get("pages", 0),
            sheets=row.get("sheets"),
            group=component_label(row["component"], category) if row["component"] else "",
        )
        for row in manifest.get("documents", ())
    )


_FOUND = {
    CheckOutcome.MISSING: "Thiếu",
    CheckOutcome.DAMAGED: "Hư hỏng",
    CheckOutcome.DIFFERENT: "Khác với danh mục",
    CheckOutcome.EXTRA: "Không có trong danh mục",
}


def _discrepancies(session: Session, transfer: Transfer, printing: Printing) -> tuple[Discrepancy, ...]:
    """What was found on arrival; nothing of it for whom the check is still going on elsewhere."""
    if transfer.state.is_open and not can(printing.actor, Action.TRANSFER_RECEIVE, transfer):
        return ()
    return tuple(
        Discrepancy(line.document.get("title", ""), _FOUND[line.check.outcome], line.check.note)
        for line in custody.discrepancies(session, transfer)
        if line.check is not None
    )


def _name(session: Session, account_id: str | None) -> str:
    account = session.get(Account, account_id) if account_id else None
    return account.full_name if account else ""
