"""Tờ bìa quét: the sheet laid on the papers of one component before a stack is scanned.

The code is large and stands there twice, far apart: a fold, a staple or a fax line spoils one of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, PageBreak, Table

from oms.printing.sheet import WIDTH, Code, Imprint, build, line, plain, space

_LARGE, _SMALL = 62 * mm, 46 * mm
_STEPS = (
    "Đặt tờ này lên trên các tài liệu thuộc thành phần ghi ở trên; sau đó là tờ bìa của thành phần tiếp theo.",
    "Quét liền cả tập, từ 200 dpi trở lên, một mặt hoặc hai mặt, rồi tải lên ở mục “Tập quét”.",
    "Không viết, đóng dấu hoặc dán lên ô mã. Tờ này không phải là tài liệu của hồ sơ, dùng lại được nhiều lần.",
)
WHOLE_DOSSIER = "Tất cả tài liệu của hồ sơ"


@dataclass(frozen=True)
class CoverSheet:
    """One sheet: whose dossier it is, which component follows (with its group), and the code that says so."""

    code: str
    full_name: str
    number: str
    category: str
    unit: str
    component: str = WHOLE_DOSSIER
    group: str = ""
    form: str = ""


def draw_cover_sheets(sheets: Sequence[CoverSheet], imprint: Imprint) -> bytes:
    """All sheets as one PDF, a page each."""
    story: list[Flowable] = []
    for place, sheet in enumerate(sheets):
        story += [PageBreak()] if place else []
        story += _one(sheet)
    return build(story, imprint, title="Tờ bìa quét")


def _one(sheet: CoverSheet) -> list[Flowable]:
    words = [
        line("<b>TỜ BÌA QUÉT</b>", 24, below=10),
        line(f"<b>{plain(sheet.full_name.upper())}</b>", 17, below=4),
        line(f"Hồ sơ số <b>{plain(sheet.number)}</b>", 16, below=4),
        line(plain(sheet.category), 13),
        line(f"Đơn vị giữ: {plain(sheet.unit)}", 13),
    ]
    head = _beside(Code(sheet.code, _LARGE, error="q"), words)
    about = [line(plain(sheet.group), 13, below=2)] if sheet.group else []
    component = [
        line("Thành phần hồ sơ:", 13, above=12, below=3),
        *about,
        line(f"<b>{plain(sheet.component)}</b>", 20, below=4),
        *([line(f"Mẫu {plain(sheet.form)}", 12)] if sheet.form else []),
    ]
    steps = [line(f"{number}. {plain(step)}", 12.5, above=3) for number, step in enumerate(_STEPS, start=1)]
    return [head, *component, space(10), _beside(Code(sheet.code, _SMALL, error="q"), steps, right=True)]


def _beside(code: Code, words: Sequence[Flowable], *, right: bool = False) -> Table:
    room = code.width + 10 * mm  # the white around a code is part of it
    row, widths = [[code, list(words)]], [room, WIDTH - room]
    if right:
        row, widths = [[list(words), code]], widths[::-1]
    drawn = Table(row, colWidths=widths)
    drawn.setStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 0),
            *([("ALIGN", (1, 0), (1, 0), "RIGHT")] if right else []),
        ]
    )
    return drawn
