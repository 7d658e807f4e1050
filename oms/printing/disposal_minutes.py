"""Biên bản hủy tài liệu: the council, what is destroyed by which rule, and how; stays in the dossier."""

from dataclasses import dataclass
from datetime import date

from oms.printing.heads import Body, head, title, write_day
from oms.printing.sheet import Column, Imprint, Signer, build, entry, line, plain, running, signatures, table


@dataclass(frozen=True)
class Destroyed:
    """One row: the title, its number, pages, and the rule of retention that ended."""

    title: str
    number: str = ""
    pages: int = 0
    rule: str = ""


@dataclass(frozen=True)
class DisposalMinutes:
    """The minutes; `council` are names with their part in it."""

    body: Body
    imprint: Imprint
    day: date | None
    decision: str
    council: tuple[tuple[str, str], ...]
    papers: tuple[Destroyed, ...]
    reason: str = ""
    method: str = ""


def draw_disposal_minutes(minutes: DisposalMinutes) -> bytes:
    """The minutes as a PDF."""
    columns = (
        Column("TT", 10, "center"),
        Column("Tên tài liệu", 72),
        Column("Số, ký hiệu", 28),
        Column("Số trang", 15, "center"),
        Column("Căn cứ hết thời hạn", 40),
    )
    chair, *others = minutes.council or (("", "Chủ tịch Hội đồng"),)
    story = [
        *head(minutes.body, minutes.imprint, minutes.day),
        *title("Biên bản hủy tài liệu", imprint=minutes.imprint),
        running(
            f"Hôm nay, {plain(write_day(minutes.day))}, Hội đồng hủy tài liệu theo {plain(minutes.decision)} gồm có:"
        ),
        *[line(f"{n}. {plain(name)} – {plain(part)}") for n, (name, part) in enumerate((chair, *others), 1)],
        entry("Lý do, căn cứ hủy", minutes.reason),
        entry("Cách hủy", minutes.method),
        line("Tài liệu hủy:", above=4),
        table(
            columns, [(n, one.title, one.number, one.pages or "", one.rule) for n, one in enumerate(minutes.papers, 1)]
        ),
        running("Biên bản được lưu trong hồ sơ."),
        signatures(Signer("THƯ KÝ", name=others[-1][0] if others else ""), Signer("CHỦ TỊCH HỘI ĐỒNG", name=chair[0])),
    ]
    return build(story, minutes.imprint, title=f"Biên bản hủy tài liệu {minutes.imprint.number}")
