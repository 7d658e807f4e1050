"""The parts all official papers share: headings, title, addressees, signature with seal, appendix pages.

State papers follow NĐ 30/2020/NĐ-CP, Phụ lục I; Party papers HD 36-HD/VPTW 2018.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from oms.specimens.bodies import Body, invent_name
from oms.specimens.ink import SEAL_DIAMETER, box_stamp, seal, signature, worn
from oms.specimens.sheet import Sheet

RED_SEAL_OVERLAP = 0.33
"""The seal covers about a third of the signature, on its left (NĐ 30/2020/NĐ-CP Đ32)."""


@dataclass
class Paper:
    """A drawn paper: its pages with their truth, and what an officer would write in the contents list."""

    title: str
    number: str | None
    day: date | None
    sheets: list[Sheet] = field(default_factory=list)


def in_figures(day: date) -> str:
    """05/3/2021: days and the months 1 and 2 with a zero, as official papers write them."""
    month = f"{day.month:02}" if day.month < 3 else str(day.month)
    return f"{day.day:02}/{month}/{day.year}"


def in_words(day: date) -> str:
    """ngày 05 tháng 3 năm 2021."""
    month = f"{day.month:02}" if day.month < 3 else str(day.month)
    return f"ngày {day.day:02} tháng {month} năm {day.year}"


def head_state_paper(sheet: Sheet, body: Body, number: str, day: date) -> None:
    """The national title on the right, the issuing body on the left, number and date below."""
    left: list[tuple[str, str, float]] = [(line, "regular", 12) for line in body.upper]
    left += [(line, "bold", 12.5 if len(line) < 24 else 11) for line in body.own]
    left += [("—", "", 50), ("", "regular", 6), (f"Số: {number}", "regular", 13)]
    right = [
        ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "bold", 12.5),
        ("Độc lập - Tự do - Hạnh phúc", "bold", 13.5),
        ("—", "", 158),
        ("", "regular", 6),
        (f"{body.place}, {in_words(day)}", "italic", 13),
    ]
    sheet.columns(left, right)
    sheet.skip(14)


def head_party_paper(sheet: Sheet, body: Body, number: str, day: date) -> None:
    """The Party's title on the right, underlined; the issuing committee with its star and number on the left."""
    left: list[tuple[str, str, float]] = [(line, "regular", 12.5) for line in body.upper]
    left += [(line, "bold", 13 if len(line) < 24 else 11.5) for line in body.own]
    left += [("*", "regular", 13), (f"Số {number}", "regular", 13)]
    right = [
        ("ĐẢNG CỘNG SẢN VIỆT NAM", "bold", 14.5),
        ("—", "", 172),
        ("", "regular", 10),
        (f"{body.place}, {in_words(day)}", "italic", 13.5),
    ]
    sheet.columns(left, right, divide=0.45)
    sheet.skip(16)


def head_nation(sheet: Sheet) -> None:
    """The national title alone, in the middle."""
    sheet.line("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", style="bold", align="center", points=13)
    sheet.line("Độc lập - Tự do - Hạnh phúc", style="bold", align="center", points=14)
    sheet.rule(420)
    sheet.skip(12)


def close_paper(
    sheet: Sheet,
    addressees: Sequence[str],
    posts: Sequence[str],
    body: Body,
    source: random.Random,
    *,
    underline: bool = False,
) -> None:
    """Addressees on the left, post, signature, seal and name on the right."""
    sheet.skip(10)
    top = sheet.y
    middle = sheet.left + (sheet.right - sheet.left) * 0.5
    left_span, right_span = (sheet.left, middle - 40), (middle - 40, sheet.right)
    sheet.line(
        "Nơi nhận:", style="regular" if underline else "bold_italic", points=14 if underline else 12, span=left_span
    )
    if underline:
        width = sheet.font("regular", 14).getlength("Nơi nhận:")
        sheet.rule(width, span=(sheet.left, sheet.left + width))
    for number, addressee in enumerate(addressees):
        end = "." if number == len(addressees) - 1 else ","
        sheet.line(
            f"- {addressee}{end if underline else end.replace(',', ';')}",
            points=12 if underline else 11,
            span=left_span,
        )
    bottom = sheet.y
    sheet.y = top
    for number, post in enumerate(posts):
        sheet.line(
            post,
            style="bold" if number == 0 or not underline else "regular",
            points=13.5,
            align="center",
            span=right_span,
        )
    sign(sheet, right_span, body, source)
    sheet.line(body.signer, style="bold", points=14, align="center", span=right_span)
    sheet.y = max(bottom, sheet.y)


def sign(sheet: Sheet, span: tuple[float, float], body: Body, source: random.Random) -> None:
    """A signature in the middle of the span with the seal over its left third; leaves the room for it."""
    centre, top = sum(span) / 2, sheet.y
    scrawl = signature(source)
    sheet.stamp(scrawl, centre - scrawl.width / 2 + source.randint(-10, 30), top + 46 + source.randint(-8, 14))
    mark = worn(seal(body.seal_around, body.seal_inside), source)
    middle = centre - scrawl.width * (0.5 - RED_SEAL_OVERLAP) - SEAL_DIAMETER / 2 + source.randint(-12, 20)
    sheet.stamp(mark, middle - mark.width / 2, top + 104 - mark.height / 2 + source.randint(-14, 14))
    sheet.y = top + 215


def press_register_stamp(sheet: Sheet, day: date, source: random.Random) -> None:
    """The stamp of incoming papers, set carelessly near the heading, often over its text."""
    lines = ("ĐẾN", f"Số: {source.randint(20, 2900)}", f"Ngày: {in_figures(day)}")
    picture = worn(box_stamp(lines), source)
    sheet.stamp(picture, sheet.left - 110 + source.randint(0, 100), 310 + source.randint(0, 90))


def draw_appendix(title: str, number: str, day: date, source: random.Random, first_row: int) -> tuple[Sheet, int]:
    """One page of a table of people; returns the page and the number of the next row."""
    sheet = Sheet()
    if first_row == 1:
        sheet.line("DANH SÁCH", style="bold", points=14, align="center")
        sheet.line(title, style="bold", points=13, align="center")
        sheet.line(f"(Kèm theo văn bản số {number} {in_words(day)})", style="italic", points=13, align="center")
        sheet.skip(10)
    rows = []
    for row in range(first_row, first_row + 34):
        step = source.randint(1, 8)
        rows.append(
            (
                str(row),
                invent_name(source, None),
                f"{source.randint(1, 28):02}/{source.randint(1, 12):02}/{source.randint(1966, 1998)}",
                source.choice(("Chuyên viên", "Cán sự", "Chuyên viên chính", "Kế toán viên", "Văn thư")),
                f"{step}/9",
                f"{2.34 + 0.33 * step:.2f}".replace(".", ","),
                source.choice(("", "", "", "Vượt khung 5%", "Trước hạn 06 tháng", "Nữ nghỉ thai sản")),
            )
        )
    header = ("TT", "Họ và tên", "Ngày sinh", "Ngạch", "Bậc", "Hệ số", "Ghi chú")
    done = sheet.table(header, rows, (5, 22, 13, 18, 7, 8, 18))
    sheet.skip(8)
    if sheet.room > 60:
        sheet.line(f"Trang này có {done:02} người./.", style="italic", points=12)
    return sheet, first_row + done
