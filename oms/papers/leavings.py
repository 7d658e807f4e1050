"""The minutes of a leaving."""

from sqlalchemy.orm import Session

from oms import catalogue
from oms.errors import N_, Conflict
from oms.models import Leaving, PaperKind
from oms.papers.issuing import PDF, Paper, Printing, body_of, issue, issuing_unit, tell_of, write_date
from oms.permissions import Action, require
from oms.printing.leaving_minutes import CopyGiven, LeavingMinutes, draw_leaving_minutes


def leaving_minutes(session: Session, leaving: Leaving, *, printing: Printing) -> Paper:
    """Biên bản xử lý hồ sơ, in the book of the body that keeps it; `Conflict` before the dossier is closed."""
    require(printing.actor, Action.LEAVING_READ, leaving)
    if leaving.closed_on is None or leaving.sealed_sha256 is None:
        raise Conflict(N_("The dossier is not closed yet. The minutes are printed when it is."))
    dossier = leaving.dossier
    unit = issuing_unit(session, PaperKind.LEAVING_MINUTES, leaving.id) or dossier.custodian
    body = body_of(unit, dossier.category)
    imprint = issue(
        session,
        PaperKind.LEAVING_MINUTES,
        leaving,
        unit,
        body,
        printing=printing,
        check=leaving.sealed_sha256,
        address=f"{printing.address.rstrip('/')}/leavings/{leaving.id}" if printing.address else "",
        request=leaving.number,
    )
    rule = catalogue.leaving_rule(leaving.way.value, dossier.category.value, leaving.closed_on)
    place = ", ".join(part for part in (dossier.shelf_room, dossier.shelf, dossier.shelf_box) if part)
    minutes = LeavingMinutes(
        body=body,
        imprint=imprint,
        day=leaving.closed_on,
        subject=tell_of(dossier, actor=printing.actor),
        number=leaving.number,
        way=rule.label_vi if rule else "",
        decision=f"số {leaving.decision_number} ngày {write_date(leaving.decision_on)}",
        leaves_on=write_date(leaving.leaves_on),
        due=write_date(leaving.due_on),
        basis=leaving.basis,
        consented_by=leaving.consented_by.full_name if leaving.consented_by else "",
        copies=tuple(
            CopyGiven(
                copy.receiver, copy.relation, write_date(copy.handed_on), copy.handed_by.full_name, tuple(copy.titles)
            )
            for copy in leaving.copies
        ),
        without_copy=leaving.without_copy_because,
        documents=leaving.documents,
        pages=leaving.pages,
        place=place,
        closed_by=leaving.closed_by.full_name if leaving.closed_by else "",
        receiver=leaving.copies[-1].receiver if leaving.copies else "",
        annulled=(
            f"Biên bản không còn giá trị: hồ sơ đóng nhầm, đã mở lại ngày {write_date(leaving.annulled_on)}."
            if leaving.annulled_on
            else ""
        ),
    )
    return Paper(f"bien-ban-xu-ly-ho-so-{leaving.number}.pdf", PDF, draw_leaving_minutes(minutes), imprint.number)
