"""Papers that lie in or on a dossier: contents list, control sheet, envelope (HS09a), covers and labels."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Table

from oms.printing.heads import Body, head, title
from oms.printing.sheet import (
    Code,
    Column,
    Imprint,
    Signer,
    build,
    build_on,
    line,
    plain,
    running,
    signatures,
    space,
    table,
)
from oms.printing.subjects import Listed, Subject, list_documents, tell_subject

ENVELOPE = (340 * mm, 250 * mm)
"""Bì hồ sơ, 250 x 340 mm on its side (HS09a, TT 07/2019/TT-BNV)."""


@dataclass(frozen=True)
class ContentsList:
    """Mục lục (phiếu liệt kê tài liệu) of a dossier."""

    body: Body
    imprint: Imprint
    day: date | None
    subject: Subject
    documents: tuple[Listed, ...] = ()
    officer: str = ""
    form: str = ""


def draw_contents_list(contents: ContentsList) -> bytes:
    """The list as a PDF, groups and dates in order."""
    story = [
        *head(contents.body, contents.imprint, contents.day, form=contents.form),
        *title("Mục lục tài liệu trong hồ sơ", imprint=contents.imprint),
        *tell_subject(contents.subject),
        line("", 4),
        *list_documents(contents.documents),
        signatures(
            Signer("CÁN BỘ LÀM CÔNG TÁC HỒ SƠ", name=contents.officer),
            Signer("THỦ TRƯỞNG CƠ QUAN, ĐƠN VỊ", "(Ký, ghi rõ họ tên, đóng dấu)"),
        ),
    ]
    return build(story, contents.imprint, title=f"Mục lục tài liệu {contents.subject.dossier_number}")


@dataclass(frozen=True)
class ControlSheet:
    """Phiếu kiểm soát hồ sơ: what must be there, what is there, and who checked it when."""

    body: Body
    imprint: Imprint
    day: date | None
    subject: Subject
    # Component, documents of it.
    components: tuple[tuple[str, int], ...] = ()
    basis: str = ""


def draw_control_sheet(sheet: ControlSheet) -> bytes:
    """The sheet as a PDF, with lines for the checks to come."""
    columns = (
        Column("TT", 10, "center"),
        Column("Thành phần hồ sơ", 97),
        Column("Hiện có", 18, "center"),
        Column("Ghi chú", 40),
    )
    rows = [(n, name, f"{count:02}" if count else "Thiếu", "") for n, (name, count) in enumerate(sheet.components, 1)]
    checks = (
        Column("Ngày kiểm tra", 30),
        Column("Nội dung, kết quả", 75),
        Column("Người kiểm tra", 35),
        Column("Ký", 25),
    )
    story = [
        *head(sheet.body, sheet.imprint, sheet.day),
        *title("Phiếu kiểm soát hồ sơ", imprint=sheet.imprint),
        *tell_subject(sheet.subject),
        line("<b>I. Thành phần phải có</b>", above=5),
        table(columns, rows),
        *([line(f"<i>Căn cứ: {plain(sheet.basis)}</i>", 11, above=3)] if sheet.basis else []),
        line("<b>II. Các lần kiểm tra</b>", above=6),
        table(checks, [("", "", "", "")] * 8, height=8),
    ]
    return build(story, sheet.imprint, title=f"Phiếu kiểm soát hồ sơ {sheet.subject.dossier_number}")


@dataclass(frozen=True)
class SupplementRequest:
    """Phiếu đề nghị bổ sung hồ sơ: what a dossier lacks, by which rule, and until when it is handed in."""

    body: Body
    imprint: Imprint
    day: date | None
    subject: Subject
    # What is missing, and the rule that asks for it.
    papers: tuple[tuple[str, str], ...] = ()
    # The last day, where a rule sets one, and that rule.
    until: str = ""
    basis: str = ""


def draw_supplement_request(request: SupplementRequest) -> bytes:
    """The request as a PDF, to be handed to the person or the unit they work in."""
    columns = (
        Column("TT", 10, "center"),
        Column("Tài liệu còn thiếu", 80),
        Column("Căn cứ", 50),
        Column("Ghi chú", 25),
    )
    asked = (
        "Qua kiểm tra, hồ sơ nêu trên còn thiếu các tài liệu dưới đây. Đề nghị cung cấp bản chính "
        "hoặc bản sao có chứng thực để bổ sung vào hồ sơ:"
    )
    limit = (
        f"Thời hạn nộp: chậm nhất ngày <b>{plain(request.until)}</b>"
        if request.until
        else "Thời hạn nộp: ngày ……/……/…………"
    )
    story = [
        *head(request.body, request.imprint, request.day),
        *title("Phiếu đề nghị bổ sung hồ sơ", imprint=request.imprint),
        *tell_subject(request.subject),
        running(asked),
        table(columns, [(n, paper, basis, "") for n, (paper, basis) in enumerate(request.papers, 1)]),
        line(limit + (f" ({plain(request.basis)})." if request.basis and request.until else "."), above=4),
        signatures(
            Signer("NGƯỜI NHẬN PHIẾU"),
            Signer("CÁN BỘ LÀM CÔNG TÁC HỒ SƠ"),
            Signer("THỦ TRƯỞNG CƠ QUAN, ĐƠN VỊ", "(Ký, ghi rõ họ tên, đóng dấu)"),
        ),
    ]
    return build(story, request.imprint, title=f"Phiếu đề nghị bổ sung hồ sơ {request.subject.dossier_number}")


@dataclass(frozen=True)
class Envelope:
    """Bì hồ sơ, or the cover (bìa) of a part of the dossier when `part` is given."""

    body: Body
    subject: Subject
    address: str = ""
    place: str = ""
    part: str = ""
    form: str = ""


def draw_envelope(envelope: Envelope) -> bytes:
    """The front of the envelope in its real size; a cover is A4."""
    size, big = (A4, 24) if envelope.part else (ENVELOPE, 40)
    margin = 25 * mm
    width = size[0] - 2 * margin
    subject = envelope.subject
    story: list[Flowable] = [
        *([line(f"<i>Mẫu {plain(envelope.form)}</i>", 11, "right")] if envelope.form else []),
        line(plain(envelope.body.above.upper()), 15, "center", below=0),
        line(f"<b>{plain(envelope.body.name.upper())}</b>", 16, "center", below=0),
        space(24 if envelope.part else 18),
        line(f"<b>{plain((envelope.part or 'Hồ sơ ' + subject.category).upper())}</b>", big, "center", below=18),
    ]
    facts = (
        ("Họ và tên khai sinh", subject.full_name.upper()),
        ("Tên gọi khác", subject.other_names),
        ("Quê quán", subject.home_town),
        ("Hồ sơ số", subject.dossier_number),
    )
    rows = [[line(f"{label}:", 18), line(f"<b>{plain(value) or '……………………………'}</b>", 20)] for label, value in facts]
    drawn = Table(rows, colWidths=[62 * mm, width - 62 * mm - (46 * mm if envelope.address else 0)])
    drawn.setStyle([("VALIGN", (0, 0), (-1, -1), "BOTTOM"), ("BOTTOMPADDING", (0, 0), (-1, -1), 10)])
    if envelope.address:
        side = Table([[drawn, Code(envelope.address, 36 * mm)]], colWidths=[width - 46 * mm, 46 * mm])
        side.setStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
                ("ALIGN", (1, 0), (1, 0), "RIGHT"),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ]
        )
        drawn = side
    story.append(drawn)
    if envelope.place:
        story += [space(6), line(f"Vị trí lưu: {plain(envelope.place)}", 14)]
    return build_on(size, (margin, margin, 20 * mm, 15 * mm), story, None, f"Bì hồ sơ {subject.dossier_number}")


@dataclass(frozen=True)
class Label:
    """A label for the back of a dossier: number, name, place, and the code a telephone reads."""

    number: str
    name: str
    unit: str
    place: str
    address: str


def draw_labels(labels: Sequence[Label]) -> bytes:
    """Sheets of 2 x 7 labels of 99 x 38 mm, as they are sold."""
    width, height = 99 * mm, 38.1 * mm
    cells: list[object] = []
    for label in labels:
        words = [
            line(f"<b>{plain(label.number)}</b>", 16, below=1),
            line(f"<b>{plain(_shorten(label.name, 34))}</b>", 12, below=1),
            line(plain(_shorten(label.unit, 62)), 9.5, below=1),
            line(plain(_shorten(label.place, 40)), 9.5, below=0),
        ]
        one = Table([[Code(label.address, 27 * mm), words]], colWidths=[31 * mm, width - 37 * mm])
        one.setStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("RIGHTPADDING", (0, 0), (-1, -1), 0),
            ]
        )
        cells.append(one)
    cells += [""] * (len(cells) % 2)
    rows = [cells[place : place + 2] for place in range(0, len(cells), 2)] or [["", ""]]
    sheet = Table(rows, colWidths=[width, width], rowHeights=[height] * len(rows))
    sheet.setStyle([("VALIGN", (0, 0), (-1, -1), "MIDDLE"), ("LEFTPADDING", (0, 0), (-1, -1), 4 * mm)])
    return build_on(A4, (6 * mm, 6 * mm, 15 * mm, 14 * mm), [sheet], None, "Nhãn hồ sơ")


def _shorten(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"
