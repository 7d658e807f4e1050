"""Giấy giới thiệu sinh hoạt đảng: the letter of ten boxes, each body on the way fills one.

What was signed in the house stands with name and day; a box still to come is left to be filled by hand. The official
sample of the rules of 2026 was not at hand: the order of the lines is practice, to be confirmed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, KeepTogether, Table

from oms.printing.heads import Body, head, title, write_day
from oms.printing.sheet import WIDTH, Imprint, build, entry, line, plain

BOXES = 10
# A box to be signed by hand has room for signature and seal.
_ROOM = 30
_DOTS = "………………………………"


@dataclass(frozen=True)
class Box:
    """One box: the body and in whose name it signs, the body it introduces to ("" for the one that receives).

    A cell has no `seal`. `unused`: the way of the member has no such box; it is struck out.
    """

    body: str = ""
    role: str = ""
    receiver: str = ""
    last: bool = False
    number: str = ""
    day: date | None = None
    signer: str = ""
    note: str = ""
    seal: bool = True
    unused: bool = False


@dataclass(frozen=True)
class TransferLetter:
    """The member and the boxes; `kind` is official, temporary or internal in words."""

    body: Body
    imprint: Imprint
    day: date | None
    kind: str
    full_name: str
    birth: str = ""
    joined: str = ""
    official: str = ""
    card_number: str = ""
    position: str = ""
    start: str = ""
    destination: str = ""
    basis: str = ""
    fees_until: str = ""
    enclosed: str = ""
    until: str = ""
    again: str = ""
    boxes: tuple[Box, ...] = ()


def draw_transfer_letter(letter: TransferLetter) -> bytes:
    """The letter as a PDF; always ten boxes, two in a row."""
    boxes = [*letter.boxes, *[Box()] * BOXES][:BOXES]
    story: list[Flowable] = [
        *head(letter.body, letter.imprint, letter.day, form="Giấy giới thiệu loại 10 ô"),
        *title("Giấy giới thiệu sinh hoạt đảng", letter.kind, imprint=letter.imprint),
    ]
    if letter.again:
        story.append(line(f"<i>({plain(letter.again)})</i>", 13, "center", below=4))
    story += [
        entry("Họ và tên đảng viên", letter.full_name, bold=True),
        _pair(entry("Sinh ngày", letter.birth), entry("Số thẻ đảng viên", letter.card_number)),
        _pair(entry("Vào Đảng ngày", letter.joined), entry("Chính thức ngày", letter.official)),
        entry("Chức vụ, đơn vị công tác", letter.position),
        entry("Đang sinh hoạt đảng tại", letter.start),
        entry("Được giới thiệu đến sinh hoạt đảng tại", letter.destination),
        entry("Căn cứ", letter.basis),
        _pair(
            entry("Đã đóng đảng phí đến hết tháng", letter.fees_until),
            entry("Sinh hoạt tạm thời đến hết ngày", letter.until) if letter.until else line(""),
        ),
        entry("Hồ sơ kèm theo", letter.enclosed),
        line("", 4),
    ]
    for place in range(0, BOXES, 2):
        story.append(_row(place + 1, boxes[place : place + 2], letter.full_name))
    return build(story, letter.imprint, title=f"Giấy giới thiệu sinh hoạt đảng {letter.imprint.number}")


def _pair(left: Flowable, right: Flowable) -> Table:
    drawn = Table([[left, right]], colWidths=[WIDTH / 2] * 2)
    drawn.spaceAfter = 4
    drawn.setStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            *((side, (0, 0), (-1, -1), 0) for side in ("LEFTPADDING", "TOPPADDING", "BOTTOMPADDING")),
        ]
    )
    return drawn


def _row(first: int, boxes: Sequence[Box], member: str) -> KeepTogether:
    drawn = Table(
        [[_draw_box(first + place, box, member) for place, box in enumerate(boxes)]], colWidths=[WIDTH / 2] * 2
    )
    used = any(not box.unused for box in boxes)
    drawn.setStyle(
        [
            ("GRID", (0, 0), (-1, -1), 0.6, "black"),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 6 if used else 3 * mm),
        ]
    )
    return KeepTogether([drawn])


def _draw_box(number: int, box: Box, member: str) -> list[Flowable]:
    if box.unused:
        return [line(f"<b>Ô số {number}</b> · <i>không sử dụng</i>", 11, below=1)]
    sign = f" · Số {plain(box.number)}" if box.number else ""
    comrade = f"đồng chí <b>{plain(member)}</b>"
    body = plain(box.body) or _DOTS
    if box.last:
        said = f"{body} tiếp nhận {comrade} về sinh hoạt đảng."
    else:
        said = f"{body} giới thiệu {comrade} đến sinh hoạt đảng."
    addressed = [] if box.last else [line(f"Kính gửi: <b>{plain(box.receiver) or _DOTS}</b>", 11, below=2)]
    signed = [line(f"<b>{plain(box.signer)}</b>", 11, "center", above=4 if box.signer else _ROOM)]
    hint = "(Ký, ghi rõ họ tên, đóng dấu)" if box.seal else "(Ký, ghi rõ họ tên)"
    if box.signer and not box.number:
        hint = "(đã ký trên hệ thống)"
    return [
        line(f"<b>Ô số {number}</b>{sign}", 11, below=2),
        *addressed,
        line(said, 11, below=3),
        *([line(f"<i>{plain(box.note)}</i>", 10, below=2)] if box.note else []),
        line(f"<i>{plain(write_day(box.day))}</i>", 11, "center", 2, 1),
        line(f"<b>{plain(box.role) or 'T/M CẤP ỦY'}</b>", 11, "center", below=0),
        line(f"<i>{hint}</i>", 9.5, "center", below=0),
        *signed,
    ]
