"""The minutes of a verification."""

from sqlalchemy.orm import Session

from oms.errors import N_, Conflict
from oms.models import PaperKind, Verification, VerificationOutcome
from oms.organisation import HANOI
from oms.papers.issuing import PDF, Paper, Printing, body_of, issue, issuing_unit, tell_of, write_date
from oms.permissions import Action, require
from oms.printing import VerificationMinutes, draw_verification_minutes

# The words of the paper, which is always Vietnamese.
_OUTCOMES = {
    VerificationOutcome.WRONG: "Thông tin ghi trong hồ sơ chưa đúng, cần điều chỉnh theo quy định.",
    VerificationOutcome.STANDS: "Thông tin ghi trong hồ sơ là đúng, giữ nguyên.",
    VerificationOutcome.UNCLEAR: "Chưa đủ căn cứ để kết luận.",
}


def verification_minutes(session: Session, verification: Verification, *, printing: Printing) -> Paper:
    """Biên bản thẩm tra, xác minh, in the book of the body that verified; `Conflict` before they are written."""
    require(printing.actor, Action.VERIFICATION_READ, verification)
    if verification.outcome is None:
        raise Conflict(N_("The minutes are not written yet. End the verification and write them first."))
    dossier = verification.dossier
    unit = issuing_unit(session, PaperKind.VERIFICATION_MINUTES, verification.id) or dossier.custodian
    body = body_of(unit, dossier.category)
    address = f"{printing.address.rstrip('/')}/verifications/{verification.id}" if printing.address else ""
    imprint = issue(
        session,
        PaperKind.VERIFICATION_MINUTES,
        verification,
        unit,
        body,
        printing=printing,
        address=address,
        request=verification.number,
    )
    extended = verification.first_due_on is not None
    minutes = VerificationMinutes(
        body=body,
        imprint=imprint,
        day=verification.minutes_on,
        subject=tell_of(dossier, actor=printing.actor),
        number=verification.number,
        question=verification.question,
        basis=verification.basis,
        opened=write_date(verification.opened_at.astimezone(HANOI).date()),
        due=write_date(verification.due_on),
        ended=write_date(verification.ended_on),
        verifiers=_lines(verification.verifiers),
        bodies=_lines(verification.bodies),
        present=_lines(verification.present),
        extension=f"văn bản {verification.extension_document} ngày {write_date(verification.extended_on)}: "
        f"{verification.extension_reason}"
        if extended
        else "",
        compared=verification.compared,
        found=verification.found,
        conclusion=verification.conclusion,
        outcome=_OUTCOMES[verification.outcome],
        right_value=verification.right_value,
    )
    body_bytes = draw_verification_minutes(minutes)
    return Paper(f"bien-ban-xac-minh-{verification.number}.pdf", PDF, body_bytes, imprint.number)


def _lines(text: str) -> tuple[str, ...]:
    return tuple(text.split("\n")) if text else ()
