"""Biên bản về việc thiếu, hỏng, mất tài liệu trong hồ sơ: what paper, how it was noticed, who declares it, until when."""

from dataclasses import dataclass
from datetime import date

from oms.printing.heads import Body, head, title, write_day
from oms.printing.sheet import DOTS, Imprint, Signer, build, entry, plain, running, signatures
from oms.printing.subjects import Subject, tell_subject


@dataclass(frozen=True)
class PaperLossMinutes:
    """What the minutes say; `settled` is what became of it so far, where something did."""

    body: Body
    imprint: Imprint
    day: date | None
    subject: Subject
    number: str
    paper: str
    component: str
    kind: str
    noticed: str
    circumstances: str
    due: str
    basis: str
    declared_by: str
    second: str
    settled: str = ""


def draw_paper_loss_minutes(minutes: PaperLossMinutes) -> bytes:
    """The minutes as a PDF."""
    story = [
        *head(minutes.body, minutes.imprint, minutes.day),
        *title("Biên bản về việc thiếu, hỏng, mất tài liệu", f"Số theo dõi {minutes.number}", imprint=minutes.imprint),
        running(f"Hôm nay, {plain(write_day(minutes.day))}, tại {DOTS * 2}, chúng tôi gồm có:"),
        entry("Người lập biên bản", minutes.declared_by),
        entry("Người cùng xác nhận", minutes.second),
        running("lập biên bản về tài liệu sau đây của hồ sơ:"),
        *tell_subject(minutes.subject),
        entry("Tài liệu", minutes.paper, bold=True),
        entry("Thành phần hồ sơ", minutes.component),
        entry("Tình trạng", minutes.kind),
        entry("Ngày phát hiện", minutes.noticed),
        *[running(plain(part)) for part in minutes.circumstances.split("\n")],
        entry("Thời hạn bổ sung, lập lại", f"{minutes.due} ({minutes.basis})"),
        running(
            "Tài liệu được lập lại từ bản sao của cơ quan đã ban hành hoặc đang lưu giữ. Trường hợp tìm thấy bản gốc thì "
            "sử dụng bản gốc, tài liệu lập lại chỉ có giá trị tham khảo."
        ),
        *([entry("Kết quả", minutes.settled)] if minutes.settled else []),
        signatures(
            Signer("NGƯỜI LẬP BIÊN BẢN", name=minutes.declared_by), Signer("NGƯỜI CÙNG XÁC NHẬN", name=minutes.second)
        ),
    ]
    return build(story, minutes.imprint, title=f"Biên bản về việc thiếu, hỏng, mất tài liệu {minutes.imprint.number}")
