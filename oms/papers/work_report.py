"""The report of a year on the work on dossiers as a paper. It bears no number of the book: who sends it writes its own."""

from sqlalchemy.orm import Session

from oms import audit
from oms.exporting import Translate
from oms.figures.dossier_work import read_report
from oms.models import Unit, now
from oms.organisation import HANOI
from oms.papers.issuing import PDF, Paper, Printing, body_of
from oms.printing import Column, Imprint, draw_register
from oms.printing.registers import Register

_COLUMNS = (
    Column("TT", 12, "center"),
    Column("Nội dung", 120),
    Column("Số lượng", 30, "center"),
    Column("Ghi chú", 90),
)


def draw(session: Session, unit: Unit | None, year: int, *, printing: Printing, translate: Translate) -> Paper:
    """The report as a PDF; what the house does not record is left to be written. `translate` makes it Vietnamese."""
    actor = printing.actor
    report = read_report(session, unit, year, actor=actor)
    imprint = Imprint(
        number="",
        printed_by=f"{actor.name} ({actor.username})",
        printed_at=now().astimezone(HANOI),
        purpose=printing.purpose_words.lower(),
    )
    rows = tuple(
        (number, translate(one.label), "" if one.count is None else one.count, translate(one.note) if one.note else "")
        for number, one in enumerate(report.lines, start=1)
    )
    drawn = Register(
        body_of(report.unit),
        imprint,
        report.day,
        "Báo cáo công tác quản lý hồ sơ",
        f"Năm {year}",
        _COLUMNS,
        rows,
        closing=f"Số liệu tính đến ngày {report.day:%d/%m/%Y}, gồm {report.unit.name} và các đơn vị trực thuộc.",
        maker="NGƯỜI LẬP BÁO CÁO",
    )
    audit.record(
        session, "figures:print", report.unit, actor=actor, words=printing.purpose_words, report="work", year=year
    )
    return Paper(f"bao-cao-cong-tac-ho-so-{year}.pdf", PDF, draw_register(drawn))
