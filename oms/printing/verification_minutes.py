"""Biên bản thẩm tra, xác minh thông tin trong hồ sơ: who, what was doubtful, compared, found and concluded."""

from dataclasses import dataclass
from datetime import date

from reportlab.platypus import Flowable

from oms.printing.heads import Body, head, title, write_day
from oms.printing.sheet import DOTS, Imprint, Signer, build, entry, line, plain, running, signatures
from oms.printing.subjects import Subject, tell_subject


@dataclass(frozen=True)
class VerificationMinutes:
    """What the minutes say; `verifiers`, `bodies` and `present` are one a line."""

    body: Body
    imprint: Imprint
    day: date | None
    subject: Subject
    number: str
    question: str
    basis: str
    opened: str
    due: str
    ended: str
    verifiers: tuple[str, ...]
    bodies: tuple[str, ...]
    present: tuple[str, ...]
    extension: str
    compared: str
    found: str
    conclusion: str
    outcome: str
    right_value: str


def draw_verification_minutes(minutes: VerificationMinutes) -> bytes:
    """The minutes as a PDF."""
    first, *others = minutes.verifiers or ("",)
    story: list[Flowable] = [
        *head(minutes.body, minutes.imprint, minutes.day),
        *title("Biên bản thẩm tra, xác minh", "Thông tin trong hồ sơ", imprint=minutes.imprint),
        running(f"Hôm nay, {plain(write_day(minutes.day))}, tại {DOTS * 2}, chúng tôi gồm có:"),
        *_listed(minutes.present),
        running(f"lập biên bản kết thúc việc thẩm tra, xác minh số {plain(minutes.number)} đối với hồ sơ sau đây:"),
        *tell_subject(minutes.subject),
        *_part("1. Nội dung cần thẩm tra, xác minh", minutes.question),
        entry("Căn cứ", minutes.basis),
        entry("Thời gian", f"từ ngày {minutes.opened} đến ngày {minutes.ended}; thời hạn: {minutes.due}"),
        *([entry("Gia hạn", minutes.extension)] if minutes.extension else []),
        line("Người thẩm tra, xác minh:", above=4),
        *_listed(minutes.verifiers),
        *([line("Cơ quan, tổ chức phối hợp:", above=4), *_listed(minutes.bodies)] if minutes.bodies else []),
        *_part("2. Tài liệu, thông tin đã đối chiếu", minutes.compared),
        *_part("3. Kết quả thẩm tra, xác minh", minutes.found),
        *_part("4. Kết luận", minutes.conclusion),
        line(f"<b>{plain(minutes.outcome)}</b>"),
        *([entry("Thông tin đúng", minutes.right_value, bold=True)] if minutes.right_value else []),
        running("Biên bản được lưu trong hồ sơ. Việc điều chỉnh thông tin thực hiện theo quyết định bằng văn bản."),
        signatures(
            Signer("NGƯỜI THẨM TRA, XÁC MINH", name=first),
            Signer("NGƯỜI CÙNG THAM GIA", name=others[0] if others else ""),
        ),
    ]
    return build(story, minutes.imprint, title=f"Biên bản thẩm tra, xác minh {minutes.imprint.number}")


def _part(heading: str, text: str) -> list[Flowable]:
    return [line(f"<b>{plain(heading)}</b>", above=4), *(running(plain(part)) for part in text.split("\n"))]


def _listed(names: tuple[str, ...]) -> list[Flowable]:
    return [line(f"{place}. {plain(name)}") for place, name in enumerate(names, 1)]
