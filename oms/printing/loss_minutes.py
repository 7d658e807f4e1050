"""Biên bản về việc thất lạc hồ sơ khi chuyển giao: what was sent, until when it was awaited, who declares it lost."""

from dataclasses import dataclass
from datetime import date

from oms.printing.heads import Body, head, title, write_day
from oms.printing.sheet import DOTS, Imprint, Signer, build, entry, plain, running, signatures
from oms.printing.subjects import Subject, tell_subject


@dataclass(frozen=True)
class LossMinutes:
    """What the minutes say."""

    body: Body
    imprint: Imprint
    day: date | None
    subject: Subject
    sender: str
    receiver: str
    transfer_number: str
    sent: str
    due: str
    documents: int
    sheets: int
    reason: str
    declared_by: str
    second: str = ""


def draw_loss_minutes(minutes: LossMinutes) -> bytes:
    """The minutes as a PDF."""
    counted = f"{minutes.documents:02} tài liệu" + (f", {minutes.sheets:02} tờ" if minutes.sheets else "")
    story = [
        *head(minutes.body, minutes.imprint, minutes.day),
        *title("Biên bản về việc thất lạc hồ sơ", f"Lần chuyển {minutes.transfer_number}", imprint=minutes.imprint),
        running(f"Hôm nay, {plain(write_day(minutes.day))}, tại {DOTS * 2}, chúng tôi gồm có:"),
        entry("Người lập biên bản", minutes.declared_by),
        entry("Người cùng xác nhận", minutes.second),
        running("lập biên bản về việc hồ sơ sau đây đã gửi đi nhưng không đến nơi nhận khi hết thời hạn tiếp nhận:"),
        *tell_subject(minutes.subject),
        entry("Bên giao", minutes.sender),
        entry("Bên nhận", minutes.receiver),
        entry("Ngày gửi", minutes.sent),
        entry("Thời hạn tiếp nhận", minutes.due),
        entry("Hồ sơ gồm", counted),
        running(f"Việc đã tìm kiếm, xác minh: {plain(minutes.reason)}"),
        running(
            "Bản số hóa của hồ sơ vẫn do bên giao giữ. Bên giao tiếp tục tìm hồ sơ giấy hoặc lập lại hồ sơ theo quy định."
        ),
        signatures(
            Signer("NGƯỜI LẬP BIÊN BẢN", name=minutes.declared_by), Signer("NGƯỜI CÙNG XÁC NHẬN", name=minutes.second)
        ),
    ]
    return build(story, minutes.imprint, title=f"Biên bản về việc thất lạc hồ sơ {minutes.imprint.number}")
