"""Giấy giới thiệu sinh hoạt đảng: the letter of ten boxes, each level of the way fills one.

Boxes 1–5 lead up from the cell to the committee that sends, 6–10 down to the cell that receives.
"""

from dataclasses import dataclass
from datetime import date

from reportlab.platypus import KeepTogether, Table

from oms.printing.heads import Body, head, title
from oms.printing.sheet import WIDTH, Imprint, build, entry, line, plain


@dataclass(frozen=True)
class Box:
    """One box: which body introduces to which, from what day, and who signs; empty boxes are filled by hand."""

    sender: str = ""
    receiver: str = ""
    number: str = ""
    day: str = ""
    signer: str = ""


@dataclass(frozen=True)
class TransferLetter:
    """The member and the ten boxes; `kind` is official, temporary or internal in words."""

    body: Body
    imprint: Imprint
    day: date | None
    full_name: str
    kind: str = ""
    birth: str = ""
    card_number: str = ""
    joined: str = ""
    official: str = ""
    position: str = ""
    unit: str = ""
    fees_until: str = ""
    enclosed: str = ""
    until: str = ""
    boxes: tuple[Box, ...] = ()


def draw_transfer_letter(letter: TransferLetter) -> bytes:
    """The letter as a PDF; always ten boxes, two in a row."""
    boxes = [*letter.boxes, *[Box()] * 10][:10]
    drawn = [_draw_box(number, box) for number, box in enumerate(boxes, 1)]
    story = [
        *head(letter.body, letter.imprint, letter.day),
        *title("Giấy giới thiệu sinh hoạt đảng", letter.kind, imprint=letter.imprint),
        entry("Họ và tên đảng viên", letter.full_name, bold=True),
        entry("Sinh ngày", letter.birth),
        entry("Vào Đảng ngày", letter.joined),
        entry("Chính thức ngày", letter.official),
        entry("Số thẻ đảng viên", letter.card_number),
        entry("Chức vụ, đơn vị công tác", ", ".join(part for part in (letter.position, letter.unit) if part)),
        entry("Đã đóng đảng phí đến hết tháng", letter.fees_until),
        entry("Hồ sơ kèm theo", letter.enclosed),
        *([entry("Thời hạn sinh hoạt tạm thời đến", letter.until)] if letter.until else []),
        line("", 4),
    ]
    for place in range(0, 10, 2):
        row = Table([drawn[place : place + 2]], colWidths=[WIDTH / 2] * 2)
        row.setStyle(
            [
                ("GRID", (0, 0), (-1, -1), 0.6, "black"),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 46),
            ]
        )
        story.append(KeepTogether(row))
    return build(story, letter.imprint, title="Giấy giới thiệu sinh hoạt đảng")


def _draw_box(number: int, box: Box) -> list[object]:
    dots = "………………………………"
    return [
        line(f"<b>Ô số {number}</b>{f' · Số {plain(box.number)}' if box.number else ''}", 11, below=1),
        line(f"Kính gửi: {plain(box.receiver) or dots}", 11, below=1),
        line(f"Nơi giới thiệu: {plain(box.sender) or dots}", 11, below=1),
        line(f"<i>{plain(box.day) or 'Ngày …… tháng …… năm ………'}</i>", 11, "center", 3, 1),
        line(f"<b>{'T/M CẤP ỦY'}</b>", 11, "center", below=1),
        line(f"<b>{plain(box.signer)}</b>" if box.signer else "<i>(Ký, ghi rõ họ tên, đóng dấu)</i>", 10.5, "center"),
    ]
