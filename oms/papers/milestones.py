"""A list by the calendar as a paper: its rows, and of whom nobody can tell with what is not known. It bears no number
of the book: the office that sends it writes its own."""

from datetime import date

from sqlalchemy.orm import Session

from oms import audit, milestones
from oms.exporting import Translate
from oms.milestones import Asked
from oms.models import Unit, now
from oms.organisation import HANOI, today
from oms.papers.issuing import PDF, Paper, Printing, body_of, write_date
from oms.printing import Body, Imprint, draw_register
from oms.printing import Column as PaperColumn
from oms.printing.registers import Register
from oms.spreadsheets import Value

NAMED = 500
"""People of whom nobody can tell that a paper names; the file names all."""
_WIDTH = 252
_NUMBER = 10


def draw(session: Session, what: str, asked: Asked, *, printing: Printing, translate: Translate) -> Paper:
    """The list as a PDF on its side, under the unit it is about or the own one; `translate` makes it Vietnamese."""
    kind = milestones.LISTS[what]
    actor = printing.actor
    found = kind.gather(session, asked, actor=actor)
    unit = session.get(Unit, asked.unit_id or actor.unit_id or "")
    columns = [column for column in milestones.columns_of(kind) if column.paper]
    spare = (_WIDTH - _NUMBER) / sum(column.paper for column in columns)
    imprint = Imprint(
        number="",
        printed_by=f"{actor.name} ({actor.username})",
        printed_at=now().astimezone(HANOI),
        purpose=printing.purpose_words.lower(),
    )
    rows = [
        (number, *(_on_paper(column.cell(row, translate)) for column in columns))
        for number, row in enumerate(found.rows, 1)
    ]
    listing = Register(
        body_of(unit) if unit else Body(""),
        imprint,
        today(),
        translate(kind.title),
        f"Từ ngày {asked.start:%d/%m/%Y} đến ngày {asked.end:%d/%m/%Y}",
        (
            PaperColumn("TT", _NUMBER, "center"),
            *(PaperColumn(translate(column.heading), column.paper * spare, column.align) for column in columns),
        ),
        tuple(rows),
        closing=f"Cộng: {len(rows):02} người. Căn cứ: {found.basis}.",
        maker="NGƯỜI LẬP DANH SÁCH",
        notes=_unknown(found, translate),
    )
    audit.record(
        session, "milestones:print", actor=actor, words=printing.purpose_words, what=what, rows=len(found.rows)
    )
    return Paper(f"{what}-{asked.start:%Y%m%d}-{asked.end:%Y%m%d}.pdf", PDF, draw_register(listing))


def _unknown(found: milestones.Milestones, translate: Translate) -> tuple[str, ...]:
    """A line for each thing that is not known, with the names."""
    names: dict[str, list[str]] = {}
    for one in found.unknown:
        names.setdefault(one.why.words(translate), []).append(one.person.full_name)
    lines = []
    if found.earlier:
        lines.append(f"Còn {found.earlier:02} người đến hạn trước ngày đầu của danh sách.")
    for why, people in names.items():
        more = f" và {len(people) - NAMED} người khác (xem tệp Excel)" if len(people) > NAMED else ""
        lines.append(f"Chưa xác định được {len(people):02} người, {why}: {', '.join(people[:NAMED])}{more}.")
    return tuple(lines)


def _on_paper(value: Value) -> str:
    return write_date(value) if isinstance(value, date) else "" if value is None else str(value)
