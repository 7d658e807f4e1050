"""The head of a paper: state bodies by NĐ 30/2020/NĐ-CP, Party bodies by HD 05-HD/VPTW of 2026."""

from dataclasses import dataclass
from datetime import date

from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.platypus import Flowable, Table

from oms.printing.sheet import BOLD, WIDTH, Code, Imprint, Rule, line, plain

NATION, MOTTO = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc"
PARTY = "ĐẢNG CỘNG SẢN VIỆT NAM"


@dataclass(frozen=True)
class Body:
    """Who issues the paper: its name, the body above, and whether it heads its papers as Party bodies do.

    `symbol` ends its numbers (“ĐUK”); `place` stands before the date (“Lâm Đồng”).
    """

    name: str
    above: str = ""
    party: bool = True
    symbol: str = ""
    place: str = ""


def write_number(order: int, kind: str, body: Body) -> str:
    """A number as its body writes it: “05-PC/ĐUK” in the Party, “05/PC-SNV” in the state; below 10 with a nought."""
    end = f"{'/' if body.party else '-'}{body.symbol}" if body.symbol else ""
    return f"{order:02}{'-' if body.party else '/'}{kind}{end}"


def write_day(day: date | None, place: str = "") -> str:
    """“Lâm Đồng, ngày 05 tháng 01 năm 2026”: days and the months January and February of two digits (NĐ 30)."""
    where = f"{place}, " if place else ""
    if day is None:
        return f"{where}ngày …… tháng …… năm ………"
    month = f"{day.month:02}" if day.month < 3 else str(day.month)
    return f"{where}ngày {day.day:02} tháng {month} năm {day.year}"


def head(
    body: Body,
    imprint: Imprint,
    day: date | None,
    *,
    form: str = "",
    width: float = WIDTH,
    numbered: bool = True,
) -> list[Flowable]:
    """The head with the issuing body on the left, nation or Party on the right, number, place and date.

    What a person declares is not `numbered` by the body.
    """
    above = [line(plain(body.above.upper()), 12, "center", below=0)] if body.above else []
    own = line(f"<b>{plain(body.name.upper())}</b>", 12, "center", below=0)
    day_line = line(f"<i>{plain(write_day(day, body.place))}</i>", 13, "center", above=3, below=0)
    if body.party:
        number = f"Số {imprint.number}" if imprint.number else "Số ………"
        left: list[Flowable] = [
            *above,
            own,
            line("*", 13, "center", below=0),
            *([line(plain(number), 13, "center", below=0)] if numbered else []),
        ]
        title = line(f"<b>{PARTY}</b>", 14, "center", below=0)
        right = [title, Rule(pdfmetrics.stringWidth(PARTY, BOLD, 14)), day_line]
    else:
        number = f"Số: {imprint.number}" if imprint.number else "Số: ………"
        left = [*above, own, Rule(24 * mm), *([line(plain(number), 13, "center", below=0)] if numbered else [])]
        motto = line(f"<b>{MOTTO}</b>", 13, "center", below=0)
        nation = line(f"<b>{NATION}</b>", 12, "center", below=0)
        right = [nation, motto, Rule(pdfmetrics.stringWidth(MOTTO, BOLD, 13)), day_line]
    # A Party body's name is long, the name of the state is.
    share = 0.5 if body.party else 0.44
    drawn = Table([[left, right]], colWidths=[width * share, width * (1 - share)])
    drawn.setStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 0),
        ]
    )
    above_head = [line(f"<i>{plain(form)}</i>", 10, "right", below=2)] if form else []
    return [*above_head, drawn]


def title(words: str, about: str = "", *, imprint: Imprint | None = None, width: float = WIDTH) -> list[Flowable]:
    """The name of the paper in capitals with what it is about, and the QR code at its side where there is one."""
    lines: list[Flowable] = [line(f"<b>{plain(words.upper())}</b>", 15, "center", above=8, below=3)]
    if about:
        lines.append(line(f"<b>{plain(about)}</b>", 13, "center", below=2))
    lines.append(Rule(28 * mm))
    if imprint is None or not imprint.address:
        return [*lines, line("", 6)]
    side = 24 * mm
    drawn = Table([["", lines, Code(imprint.address, side - 2 * mm)]], colWidths=[side, width - 2 * side, side])
    drawn.setStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 0),
            ("ALIGN", (2, 0), (2, 0), "RIGHT"),
        ]
    )
    return [drawn, line("", 4)]
