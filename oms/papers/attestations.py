"""The attestation of a short CV or of the papers of a dossier."""

from sqlalchemy.orm import Session

from oms.errors import N_, Conflict
from oms.models import Attestation, AttestationKind, PaperKind
from oms.papers.issuing import PDF, Paper, Printing, body_of, issue, issuing_unit, tell_of
from oms.permissions import Action, require
from oms.printing.attestation import AttestationPaper, draw_attestation
from oms.procedures import attestations


def attestation_paper(session: Session, attestation: Attestation, *, printing: Printing) -> Paper:
    """Giấy xác nhận, in the book of the body that attested; `Conflict` before it did."""
    require(printing.actor, Action.ATTESTATION_READ, attestation)
    if attestation.attested_on is None or attestation.content is None:
        raise Conflict(N_("Nothing is attested yet. The head attests first."))
    dossier = attestation.dossier
    unit = issuing_unit(session, PaperKind.ATTESTATION, attestation.id) or attestation.deciding_body
    body = body_of(unit, dossier.category)
    imprint = issue(
        session,
        PaperKind.ATTESTATION,
        attestation,
        unit,
        body,
        printing=printing,
        check=attestations.code_of(attestation),
        address=f"{printing.address.rstrip('/')}/attestations/{attestation.id}" if printing.address else "",
        request=attestation.number,
    )
    (count,) = (len(part) for part in attestation.content.values())
    short_cv = attestation.kind == AttestationKind.SHORT_CV
    what = f"Sơ yếu lý lịch (mẫu {attestation.form_id})" if short_cv else "Tài liệu trong hồ sơ"
    paper = AttestationPaper(
        body=body,
        imprint=imprint,
        day=attestation.attested_on,
        subject=tell_of(dossier, actor=printing.actor),
        number=attestation.number,
        what=what,
        purpose=attestation.purpose,
        basis=attestation.basis,
        things=f"{count:02} thông tin đã được xác minh" if short_cv else f"{count:02} tài liệu theo mục lục",
        asked_by=attestation.asked_by.full_name,
        attested_by=attestation.decided_by.full_name if attestation.decided_by else "",
        changed=attestations.changes(session, attestation).total,
    )
    return Paper(f"giay-xac-nhan-{attestation.number}.pdf", PDF, draw_attestation(paper), imprint.number)
