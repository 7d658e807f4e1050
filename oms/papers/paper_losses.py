"""The minutes of a paper that is missing, damaged or lost."""

from sqlalchemy.orm import Session

from oms.models import PaperKind, PaperLoss, PaperLossKind, PaperLossState
from oms.organisation import HANOI
from oms.papers.issuing import PDF, Paper, Printing, body_of, issue, issuing_unit, tell_of, write_date
from oms.permissions import Action, require
from oms.printing import PaperLossMinutes, draw_paper_loss_minutes
from oms.search.records import component_label

# The words of the paper, which is always Vietnamese.
_KINDS = {
    PaperLossKind.MISSING: "Không tìm thấy trong hồ sơ",
    PaperLossKind.DAMAGED: "Bị hư hỏng",
    PaperLossKind.LOST: "Bị mất",
}


def paper_loss_minutes(session: Session, loss: PaperLoss, *, printing: Printing) -> Paper:
    """Biên bản về việc thiếu, hỏng, mất tài liệu, in the book of the body that held the dossier then."""
    require(printing.actor, Action.PAPER_LOSS_READ, loss)
    dossier = loss.dossier
    unit = issuing_unit(session, PaperKind.PAPER_LOSS_MINUTES, loss.id) or dossier.custodian
    body = body_of(unit, dossier.category)
    address = f"{printing.address.rstrip('/')}/paper-losses/{loss.id}" if printing.address else ""
    imprint = issue(
        session,
        PaperKind.PAPER_LOSS_MINUTES,
        loss,
        unit,
        body,
        printing=printing,
        address=address,
        request=loss.number,
    )
    minutes = PaperLossMinutes(
        body=body,
        imprint=imprint,
        day=loss.declared_at.astimezone(HANOI).date(),
        subject=tell_of(dossier, actor=printing.actor),
        number=loss.number,
        paper=loss.title,
        component=component_label(loss.component_id, dossier.category.value),
        kind=_KINDS[loss.kind],
        noticed=write_date(loss.noticed_on),
        circumstances=loss.circumstances,
        due=write_date(loss.due_on),
        basis=loss.basis,
        declared_by=loss.declared_by.full_name,
        second=loss.second.full_name,
        settled=_settled(loss),
    )
    return Paper(f"bien-ban-tai-lieu-{loss.number}.pdf", PDF, draw_paper_loss_minutes(minutes), imprint.number)


def _settled(loss: PaperLoss) -> str:
    if loss.state == PaperLossState.REMADE:
        return f"Đã lập lại từ bản sao của {loss.remade_from} ngày {write_date(loss.remade_on)}"
    if loss.state == PaperLossState.FOUND:
        return f"Đã tìm thấy bản gốc ngày {write_date(loss.settled_on)}: {loss.note}"
    return f"Không lập lại được: {loss.note}" if loss.state == PaperLossState.GIVEN_UP else ""
