"""Phiếu nghiên cứu hồ sơ (HS06) and phiếu theo dõi sử dụng, khai thác hồ sơ (HS07)."""

from dataclasses import dataclass
from datetime import date

from oms.printing.heads import Body, head, title
from oms.printing.sheet import Column, Imprint, Signer, build, entry, line, running, signatures, table
from oms.printing.subjects import Subject, tell_subject


@dataclass(frozen=True)
class ConsultationSlip:
    """A request to read a dossier: who asks, for what, which papers, and until when."""

    body: Body
    imprint: Imprint
    day: date | None
    subject: Subject
    requester: str
    requester_unit: str
    purpose: str
    decision: str = ""
    papers: tuple[str, ...] = ()
    until: str = ""
    approved_by: str = ""
    form: str = ""


def draw_consultation_slip(slip: ConsultationSlip) -> bytes:
    """The slip as a PDF, for the signature of the head who is not the requester."""
    columns = (Column("TT", 12, "center"), Column("Tài liệu được nghiên cứu", 153))
    story = [
        *head(slip.body, slip.imprint, slip.day, form=slip.form),
        *title("Phiếu nghiên cứu hồ sơ", imprint=slip.imprint),
        entry("Họ và tên người nghiên cứu", slip.requester, bold=True),
        entry("Cơ quan, đơn vị", slip.requester_unit),
        entry("Giấy giới thiệu, văn bản số", slip.decision),
        entry("Mục đích, nội dung nghiên cứu", slip.purpose),
        line("<b>Hồ sơ đề nghị nghiên cứu</b>", above=4),
        *tell_subject(slip.subject),
        table(columns, [(n, paper) for n, paper in enumerate(slip.papers, 1)]),
        entry("Thời hạn nghiên cứu đến", slip.until),
        running(
            "Người nghiên cứu chỉ đọc tài liệu đã được duyệt tại nơi lưu giữ; không đánh dấu, tẩy xóa, thêm, bớt tài liệu; "
            "giữ bí mật nội dung hồ sơ theo quy định."
        ),
        signatures(
            Signer("NGƯỜI NGHIÊN CỨU", name=slip.requester),
            Signer("CÁN BỘ QUẢN LÝ HỒ SƠ"),
            Signer("NGƯỜI DUYỆT", "(Ký, ghi rõ họ tên, đóng dấu)", slip.approved_by),
        ),
    ]
    return build(story, slip.imprint, title=f"Phiếu nghiên cứu hồ sơ {slip.imprint.number}")


@dataclass(frozen=True)
class ConsultationLog:
    """Who used one dossier when; each row: day, person and unit, what for, approved by, returned, condition."""

    body: Body
    imprint: Imprint
    day: date | None
    subject: Subject
    rows: tuple[tuple[object, ...], ...] = ()
    form: str = ""


LOG_COLUMNS = (
    Column("TT", 10, "center"),
    Column("Ngày", 22, "center"),
    Column("Người nghiên cứu, đơn vị", 42),
    Column("Nội dung, mục đích", 40),
    Column("Người duyệt", 28),
    Column("Ngày trả, tình trạng", 23),
)


def draw_consultation_log(log: ConsultationLog) -> bytes:
    """The log as a PDF; without an entry it has empty lines to write on."""
    rows = log.rows or tuple(("",) * 5 for _ in range(12))
    story = [
        *head(log.body, log.imprint, log.day, form=log.form),
        *title("Phiếu theo dõi sử dụng, khai thác hồ sơ", imprint=log.imprint),
        *tell_subject(log.subject),
        line("", 4),
        table(
            LOG_COLUMNS, [(n if log.rows else "", *row) for n, row in enumerate(rows, 1)], height=0 if log.rows else 8
        ),
    ]
    return build(story, log.imprint, title=f"Phiếu theo dõi khai thác {log.subject.dossier_number}")
