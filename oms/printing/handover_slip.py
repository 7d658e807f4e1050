"""Phiếu giao nhận hồ sơ (HS04): goes with the dossier, is ticked on arrival and returned to the sender."""

from dataclasses import dataclass
from datetime import date

from oms.printing.heads import Body, head, title
from oms.printing.sheet import DOTS, Imprint, Signer, build, entry, line, signatures
from oms.printing.subjects import Listed, Subject, list_documents, tell_subject


@dataclass(frozen=True)
class HandoverSlip:
    """What the slip says before it is filled in."""

    body: Body
    imprint: Imprint
    day: date | None
    subject: Subject
    sender: str
    receiver: str
    transfer_number: str
    documents: tuple[Listed, ...] = ()
    form: str = ""


def draw_handover_slip(slip: HandoverSlip) -> bytes:
    """The slip as a PDF, with a column to tick and lines for the state of the papers."""
    story = [
        *head(slip.body, slip.imprint, slip.day, form=slip.form),
        *title("Phiếu giao nhận hồ sơ", f"Kèm theo lần chuyển {slip.transfer_number}", imprint=slip.imprint),
        entry("Bên giao", slip.sender, bold=True),
        entry("Bên nhận", slip.receiver, bold=True),
        *tell_subject(slip.subject),
        line("Thành phần hồ sơ giao nhận:", above=4),
        *list_documents(slip.documents, checks=True),
        entry("Tình trạng niêm phong, dấu bưu điện", ""),
        entry("Tình trạng tài liệu khi nhận", ""),
        line(DOTS * 4),
        signatures(Signer("NGƯỜI GIAO"), Signer("NGƯỜI NHẬN"), note="Ngày nhận: ………/………/…………"),
    ]
    return build(story, slip.imprint, title=f"Phiếu giao nhận hồ sơ {slip.imprint.number}")
