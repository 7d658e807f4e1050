"""The minutes of a dossier that was lost on the way."""

from sqlalchemy.orm import Session

from oms import custody
from oms.errors import N_, Conflict
from oms.models import PaperKind, Transfer, TransferState
from oms.organisation import HANOI
from oms.papers.issuing import PDF, Paper, Printing, body_of, committee_name, issue, tell_of, write_date
from oms.permissions import Action, require
from oms.printing import LossMinutes, draw_loss_minutes


def loss_minutes(session: Session, transfer: Transfer, *, printing: Printing) -> Paper:
    """Biên bản thất lạc hồ sơ, in the book of the sender, who keeps the file; `Conflict` unless it counts as lost."""
    require(printing.actor, Action.TRANSFER_READ, transfer)
    if transfer.state != TransferState.LOST:
        raise Conflict(N_("The dossier does not count as lost. These minutes are printed while it does."))
    body = body_of(transfer.from_unit, transfer.dossier.category)
    imprint = issue(
        session,
        PaperKind.LOSS_MINUTES,
        transfer,
        transfer.from_unit,
        body,
        printing=printing,
        check=transfer.manifest_sha256 or "",
        request=transfer.number,
    )
    declared = [event for event in custody.events_of(session, transfer) if event.end == TransferState.LOST][-1]
    listed = (transfer.manifest or {}).get("documents", [])
    minutes = LossMinutes(
        body=body,
        imprint=imprint,
        day=declared.at.astimezone(HANOI).date(),
        subject=tell_of(transfer.dossier, actor=printing.actor),
        sender=committee_name(transfer.from_unit.name),
        receiver=committee_name(transfer.to_unit.name),
        transfer_number=transfer.number,
        sent=write_date(transfer.dispatched_at.astimezone(HANOI).date() if transfer.dispatched_at else None),
        due=write_date(transfer.due_on),
        documents=len(listed),
        sheets=sum(row.get("sheets") or 0 for row in listed),
        reason=declared.reason,
        declared_by=declared.taken_by.full_name,
        second=declared.second.full_name if declared.second is not None else "",
    )
    return Paper(f"bien-ban-that-lac-{transfer.number}.pdf", PDF, draw_loss_minutes(minutes), imprint.number)
