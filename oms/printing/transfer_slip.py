"""Phiếu chuyển hồ sơ (HS05): the body that sends a dossier to another body, with the sealed list."""

from dataclasses import dataclass
from datetime import date

from oms.printing.heads import Body, head, title
from oms.printing.sheet import Imprint, Signer, build, entry, line, plain, running, signatures
from oms.printing.subjects import Listed, Subject, list_documents, tell_subject


@dataclass(frozen=True)
class TransferSlip:
    """What the slip says; `files` and `waiting_pages` count what the sealed list holds besides documents."""

    body: Body
    imprint: Imprint
    day: date | None
    subject: Subject
    receiver: str
    reason: str
    transfer_number: str
    documents: tuple[Listed, ...] = ()
    files: int = 0
    waiting_pages: int = 0
    due: str = ""
    form: str = ""


def draw_transfer_slip(slip: TransferSlip) -> bytes:
    """The slip as a PDF."""
    story = [
        *head(slip.body, slip.imprint, slip.day, form=slip.form),
        *title("Phiếu chuyển hồ sơ", f"Lần chuyển {slip.transfer_number}", imprint=slip.imprint),
        line(f"Kính gửi: <b>{plain(slip.receiver)}</b>", 14, "center", below=8),
        running(f"{plain(slip.body.name)} chuyển đến {plain(slip.receiver)} hồ sơ của:"),
        *tell_subject(slip.subject),
        entry("Lý do chuyển", slip.reason),
        line("Hồ sơ gồm có:", above=4),
        *list_documents(slip.documents),
    ]
    if slip.files or slip.waiting_pages:
        extra = f"Bản số hóa kèm theo: {slip.files:02} tệp"
        story.append(line(f"{extra}; {slip.waiting_pages:02} trang chưa xếp vào tài liệu."))
    due = f" trước ngày {plain(slip.due)}" if slip.due else ""
    story.append(
        running(
            f"Đề nghị đơn vị nhận kiểm tra niêm phong, đối chiếu với danh mục trên, ghi tình trạng tài liệu vào phiếu giao nhận và gửi lại phiếu{due}."
        )
    )
    story.append(
        signatures(
            Signer("Nơi nhận:", "- Như trên;\n- Lưu hồ sơ."),
            Signer("THỦ TRƯỞNG CƠ QUAN, ĐƠN VỊ", "(Ký, ghi rõ họ tên, đóng dấu)"),
        )
    )
    return build(story, slip.imprint, title=f"Phiếu chuyển hồ sơ {slip.imprint.number}")
