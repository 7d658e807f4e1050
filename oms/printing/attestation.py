"""Giấy xác nhận: the managing body vouches for a short CV or the papers of a dossier; a later change is told on it."""

from dataclasses import dataclass
from datetime import date

from reportlab.platypus import Flowable

from oms.printing.heads import Body, head, title
from oms.printing.sheet import Imprint, Signer, build, entry, line, plain, running, signatures
from oms.printing.subjects import Subject, tell_subject


@dataclass(frozen=True)
class AttestationPaper:
    """What the paper says; `changed` things are not as they were attested."""

    body: Body
    imprint: Imprint
    day: date | None
    subject: Subject
    number: str
    what: str
    purpose: str
    basis: str
    things: str
    asked_by: str
    attested_by: str
    changed: int


def draw_attestation(paper: AttestationPaper) -> bytes:
    """The paper as a PDF."""
    story: list[Flowable] = [
        *head(paper.body, paper.imprint, paper.day),
        *title("Giấy xác nhận", paper.what, imprint=paper.imprint),
        line(f"<b>{plain(paper.body.name.upper())} XÁC NHẬN:</b>", 13, "center", above=4),
        *tell_subject(paper.subject),
        entry("Nội dung xác nhận", paper.what),
        entry("Gồm", paper.things),
        entry("Mục đích", paper.purpose),
        entry("Căn cứ", paper.basis),
        running(
            "Nội dung nêu trên phù hợp với hồ sơ gốc đang được quản lý tại thời điểm xác nhận. Hồ sơ gốc đã đủ thành "
            "phần theo quy định."
        ),
        *_later(paper),
        signatures(
            Signer("NGƯỜI TRÌNH", name=paper.asked_by),
            Signer("THỦ TRƯỞNG CƠ QUAN, ĐƠN VỊ", "(Ký, ghi rõ họ tên, đóng dấu)", name=paper.attested_by),
        ),
    ]
    return build(story, paper.imprint, title=f"Giấy xác nhận {paper.imprint.number}")


def _later(paper: AttestationPaper) -> list[Flowable]:
    if not paper.changed:
        return []
    return [
        running(f"<b>Lưu ý:</b> xác nhận này có trước {paper.changed:02} thay đổi trong hồ sơ kể từ ngày xác nhận.")
    ]
